"""A token is found by a plan that is made once per session and not at each request."""

from django.db import migrations

FIND_TOKEN = """
create function core_find_token(wanted text, at timestamptz)
returns table (id bigint, prefix varchar, name varchar, secret_hash bytea, scopes varchar[], location_codes varchar[],
               last_used_at timestamptz) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select t.id, t.prefix, t.name, t.secret_hash, t.scopes, t.location_codes, t.last_used_at
      from core_apitoken t left join core_user u on u.id = t.owner_id
     where t.prefix = wanted and t.revoked_at is null and (t.expires_at is null or t.expires_at > at)
       and (t.owner_id is null or u.is_active);
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_outbox_leases")]

    operations = [migrations.RunSQL(FIND_TOKEN, "drop function core_find_token")]
