"""Addresses of the ground floor: home, signing in, one's own settings, messages that stopped."""

from django.urls import path

from oms.core.views import accounts, home, messages, scanner

app_name = "core"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("find", home.Find.as_view(), name="find"),
    path("sign-in", accounts.Login.as_view(), name="login"),
    path("sign-in/code", accounts.Challenge.as_view(), name="challenge"),
    path("sign-out", accounts.Logout.as_view(), name="logout"),
    path("me", accounts.Profile.as_view(), name="profile"),
    path("me/password", accounts.ChangePassword.as_view(), name="change_password"),
    path("me/second-step", accounts.Enrol.as_view(), name="enrol"),
    path("me/recovery-codes", accounts.RecoveryCodes.as_view(), name="recovery_codes"),
    path("me/theme", home.ChooseTheme.as_view(), name="theme"),
    path("me/site", home.ChooseSite.as_view(), name="site"),
    path("me/draft", home.Draft.as_view(), name="draft"),
    path("me/views/save", home.SaveView.as_view(), name="save_view"),
    path("me/views/rename", home.RenameView.as_view(), name="rename_view"),
    path("me/views/forget", home.ForgetView.as_view(), name="forget_view"),
    path("messages", messages.MessageList.as_view(), name="messages"),
    path("messages/replay", messages.ReplayMany.as_view(), name="replay_many"),
    path("messages/<int:pk>", messages.MessagePage.as_view(), name="message"),
    path("messages/<int:pk>/replay", messages.Replay.as_view(), name="replay"),
    path("messages/<int:pk>/mend", messages.Mend.as_view(), name="mend"),
    path("messages/<int:pk>/discard", messages.Discard.as_view(), name="discard"),
    path("scanner", scanner.Scanner.as_view(), name="scanner"),
    path("scanner/cards", scanner.CommandCards.as_view(), name="command_cards"),
]
