"""What a person sees who comes back from a provider in vain, or owes a code: he has no client yet, only a browser."""

import html
from functools import wraps

from chassis.errors import Refusal
from chassis.http import STRICT_POLICY, Answer
from gateway import problems
from gateway.routes import BASE

_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{vi}</title></head>
<body><h1>{vi}</h1><p lang="en">{en}</p>{form}<p><a href="/">Về trang đăng nhập · <span lang="en">Back</span></a></p>
<p><small>{code} · {request}</small></p></body></html>
"""
_POLICY = STRICT_POLICY.replace("form-action 'none'", "form-action 'self'")
_FORM = """<form method="post" action="{action}"><input type="hidden" name="ticket" value="{ticket}">
<label>Mã xác thực hai bước · <span lang="en">One-time code</span>
<input name="totp" required maxlength="40" autocomplete="one-time-code" autofocus></label>
<button>Tiếp tục · <span lang="en">Go on</span></button></form>
"""


def page_for_browsers(handler):
    """A refusal is a page for whoever asks for one, and a problem document for programs."""

    @wraps(handler)
    def handle(service, call, **values):
        try:
            return handler(service, call, **values)
        except Refusal as refusal:
            if "text/html" not in call.request.accept_mimetypes.values():
                raise
            vietnamese = problems.describe(refusal.refusal_code, "vi")
            if vietnamese is None:
                raise
            form = ""
            if ticket := refusal.details.get("ticket"):
                action = f"{BASE}/oidc/{values['provider']}/code"
                form = _FORM.format(action=html.escape(action), ticket=html.escape(ticket))
            english = problems.describe(refusal.refusal_code, "en").title
            page = _PAGE.format(
                vi=html.escape(vietnamese.title), en=html.escape(english), code=refusal.refusal_code,
                request=call.request.id, form=form,
            )  # fmt: skip
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
            return Answer(page.encode(), status=vietnamese.status, headers=headers)

    return handle
