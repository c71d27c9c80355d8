"""Flask with the extensions that go with it, around SQLAlchemy’s entities and `transitions`: sessions in the database, tokens of forms.

`python -m bench.peers.web_flask_sqlalchemy URL AUDITS` serves AUDITS graded audits on PORT. Nobody needs a password here.
"""

import sys
from http import HTTPStatus

from flask import Flask, abort, flash, get_flashed_messages, redirect, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from bench.peers.engine import set_up
from bench.peers.served import serve
from bench.peers.sqlalchemy_orm import ENGINE, Audit, Entity, Person, fill, make_move
from bench.peers.the_work import AUDITOR

db = SQLAlchemy(metadata=Entity.metadata)


def made() -> Flask:
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": "k" * 32, "SQLALCHEMY_DATABASE_URI": sys.argv[1], "SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": db,
    }  # fmt: skip
    db.init_app(app)
    with app.app_context():
        set_up(db.engine)
        Session(app)
        db.create_all()
    CSRFProtect(app)
    app.get("/sign-in")(sign_in)
    app.get("/")(page)
    app.post("/audits/<int:number>/share")(share)
    return app


def sign_in() -> str:
    session["person"] = AUDITOR
    return page()


def page() -> str:
    said = "".join(f"<p>{message}</p>" for message in get_flashed_messages())
    return f'{said}<input type="hidden" name="csrf_token" value="{generate_csrf()}">'


def share(number: int) -> Response:
    who = db.session.get(Person, session.get("person"))
    audit = db.session.get(Audit, number, options=[selectinload(Audit.areas)])
    if who is None or audit is None:
        abort(HTTPStatus.NOT_FOUND)
    make_move(db.session(), audit, who)
    db.session.commit()
    flash("The audit is now: Shared.")
    return redirect("/", HTTPStatus.SEE_OTHER)


if __name__ == "__main__":
    fill()
    ENGINE.dispose()
    serve(made)
