"""A piece of stock that soon runs out may count more; 0 switches it off."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0005_prefix_places'),
    ]

    operations = [
        migrations.AddField(
            model_name='rulesetversion',
            name='scarcity_minor',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='What a piece counts where its stock is about to run out, in cents; 0: scarce stock counts no more.'),
        ),
    ]
