"""The pages that the server itself shows: first administrator, and the reference of its API.

They need no network: what usually serves as such pages loads its scripts from elsewhere.
"""

import secrets
from importlib import resources
from string import Template

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from embedded_server.api.deps import Served
from embedded_server.contract.version import PRODUCT_VERSION

router = APIRouter(include_in_schema=False)


@router.get("/setup", response_class=HTMLResponse)
async def setup_page(request: Request, services: Served) -> HTMLResponse:
    """The form behind the setup link."""
    is_valid = services.auth.is_setup_secret(request.query_params.get("secret", ""))
    return _page("setup.html" if is_valid else "setup_used.html", status=200 if is_valid else 403)


@router.get("/docs", response_class=HTMLResponse)
@router.get("/redoc", response_class=HTMLResponse)
async def reference_page() -> HTMLResponse:
    """The API reference, made in the browser from /openapi.json."""
    return _page("reference.html")


def _page(name: str, *, status: int = 200) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    source = resources.files("embedded_server.api").joinpath("pages", name).read_text("utf-8")
    style = resources.files("embedded_server.api").joinpath("pages", "style.css").read_text("utf-8")
    html = Template(source).substitute(nonce=nonce, style=style, version=PRODUCT_VERSION)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(html, status, headers)
