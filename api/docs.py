"""Offline documentation: the page and its scripts are served from here; no browser asks another host."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

DOCS = "/docs"
ASSETS = "/docs/assets"


def add_docs(app: FastAPI) -> None:
    """Serve the interactive documentation under /docs, with the assets of the package `fastapi-offline`."""

    async def docs(_: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=f"{app.title}: API",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        )

    app.router.add_route(DOCS, docs, include_in_schema=False)
    assets = Path(str(files("fastapi_offline"))) / "static"
    app.mount(ASSETS, StaticFiles(directory=assets), name="docs-assets")
