"""One's own account, those of others, and the desk."""

from base64 import b64encode
from hashlib import sha256

from chassis.http import STRICT_POLICY, Answer
from contracts import directory
from contracts.fields import Page
from gateway import schemas
from gateway.assembling import versioned
from gateway.routes import BASE, route

PROOF = ("wrong_password", "wrong_code", "too_many_attempts", "wrong_state", "not_found")


class AccountRoutes:
    # one's own

    @route("GET", "/me/account", tag="session", answer=directory.OwnAccount, refusals=("not_found",),
           while_restricted=True)  # fmt: skip
    def get_own_account(self, call):
        """One's local account: its second factor, and what must be done first."""
        return call.ask(directory.get_own_account)

    @route("POST", "/me/password", tag="session", body=directory.NewPassword, answer=directory.Restricted,
           refusals=(*PROOF, "password_too_short", "password_common", "password_contextual", "password_unchanged"),
           while_restricted=True)  # fmt: skip
    def change_password(self, call):
        """Choose another password; all other sessions end."""
        return self._lifted(call, call.ask(directory.change_password, call.body))

    @route("POST", "/me/totp", tag="session", body=directory.Proof, answer=directory.TotpSecret, refusals=PROOF,
           while_restricted=True)  # fmt: skip
    def begin_totp(self, call):
        """A secret for an authenticator, in the place of the present one once it is confirmed."""
        return call.ask(directory.begin_totp, call.body)

    @route("POST", "/me/totp/confirm", tag="session", body=directory.TotpCode, answer=directory.RecoveryCodes,
           refusals=PROOF, while_restricted=True)  # fmt: skip
    def confirm_totp(self, call):
        """From now on the new second factor counts; all other sessions end. The recovery codes are shown this once."""
        confirmed = call.ask(directory.confirm_totp, call.body)
        self._lifted(call, confirmed)
        return confirmed

    @route("POST", "/me/recovery-codes", tag="session", body=directory.Proof, answer=directory.RecoveryCodes,
           refusals=PROOF)  # fmt: skip
    def renew_recovery_codes(self, call):
        """Ten new recovery codes; the old ones count no more."""
        return call.ask(directory.renew_recovery_codes, call.body)

    # those of others

    @route("GET", "/people/<uuid:person_id>/account", tag="accounts", answer=directory.AccountState, etag=True)
    def get_account(self, call, person_id):
        """The account of somebody whose accounts one looks after."""
        return versioned(call.ask(directory.get_account, {"id": person_id}))

    @route("POST", "/accounts/<uuid:account_id>/revoke", tag="accounts", answer=directory.AccountState, if_match=True,
           etag=True)  # fmt: skip
    def revoke_account(self, call, account_id):
        """Nobody signs in with it any more; its sessions and streams end."""
        return versioned(call.ask(directory.revoke_account, {"id": account_id, "version": call.version}))

    @route("POST", "/accounts/<uuid:account_id>/restore", tag="accounts", answer=directory.AccountState, if_match=True,
           etag=True)  # fmt: skip
    def restore_account(self, call, account_id):
        """A revoked account may be used again."""
        return versioned(call.ask(directory.restore_account, {"id": account_id, "version": call.version}))

    @route("POST", "/units/<uuid:unit_id>/account-handover", tag="accounts", body=schemas.HandoverWanted,
           media_type="text/csv", refusals=("too_many_accounts",))  # fmt: skip
    def hand_over_accounts(self, call, unit_id):
        """One-time passwords for all of a unit who have chosen none yet: a sheet or slips, shown this once."""
        given = call.ask(directory.hand_over_accounts, {**call.body, "unit_id": unit_id})
        document = given["document"].encode()
        kind, name = {"sheet": ("text/csv", "csv"), "slips": ("text/html", "html")}[call.body["form"]]
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="tai-khoan.{name}"',
            "X-Accounts": str(given["accounts"]),  # how many passwords it holds
        }
        if kind == "text/html":
            headers["Content-Security-Policy"] = _only_own_style(document)
        return Answer(document, headers=headers)

    # the desk

    @route("POST", "/account-recoveries", tag="accounts", body=directory.AskRecovery, answer=directory.Recovery,
           status=201, idempotency_key=True, refusals=("wrong_state", "not_found", "newly_appointed"))  # fmt: skip
    def ask_recovery(self, call):
        """Somebody has lost his password or his second factor: a second official must confirm it within a day."""
        asked = call.ask(directory.ask_recovery, {**call.body, "idempotency_key": call.idempotency_key})
        return Answer(asked, status=201, headers={"Location": f"{BASE}/account-recoveries/{asked['id']}"})

    @route("GET", "/account-recoveries", tag="accounts", query=Page, answer=directory.RecoveryPage)
    def list_recoveries(self, call):
        """What waits for a second official, newest first."""
        return call.ask(directory.list_recoveries, call.query)

    @route("POST", "/account-recoveries/<uuid:recovery_id>/confirm", tag="accounts",
           answer=directory.ConfirmedRecovery, idempotency_key=True,
           refusals=("wrong_state", "second_official_needed", "newly_appointed"))  # fmt: skip
    def confirm_recovery(self, call, recovery_id):
        """It takes effect: a one-time password, shown to who confirms, or a second factor to be set up anew."""
        return call.ask(directory.confirm_recovery, {"id": recovery_id, "idempotency_key": call.idempotency_key})

    @route("POST", "/account-recoveries/<uuid:recovery_id>/refuse", tag="accounts", answer=directory.Recovery,
           refusals=("wrong_state",))  # fmt: skip
    def refuse_recovery(self, call, recovery_id):
        """It does not take effect; whoever asked may take it back so."""
        return call.ask(directory.refuse_recovery, {"id": recovery_id})

    def _lifted(self, call, account: dict) -> dict:
        self.sessions.restrict(call.caller.session.id, account["restriction"])
        return {"restriction": account["restriction"]}


def _only_own_style(document: bytes) -> str:
    style = document.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = b64encode(sha256(style).digest()).decode()
    return f"{STRICT_POLICY}; style-src 'sha256-{digest}'"
