"""What is missing or malformed stops the start with one sentence that names the variable."""

import stat
from pathlib import Path

import pytest

from config.settings import BadSetting, read_settings
from tests.factories import settings

WHOLE = {
    "SECRET_KEY": "I7Yk0hQmX2vNw4sZ8tLbR1cUeGfJpDaO", "MAIL_FROM": "audit@council.gov.uk", "QA_INBOX": "qa@council.gov.uk", "ENV": "production",
    "BASE_URL": "https://audits.council.gov.uk", "MAIL_URL": "smtp://mail.council.gov.uk",
}  # fmt: skip
BAD = [
    ("DATABASE_URL", "mysql://x"), ("DATABASE_URL", "nonsense"), ("BASE_URL", "audits.example"), ("BASE_URL", "ftp://x"), ("MAIL_URL", "smtp:"),
    ("MAIL_URL", "smtp://"), ("MAIL_URL", "smtp://host:port"), ("MAIL_URL", "smtp://host?tls=maybe"), ("MAIL_URL", "smtp://host?other=1"),
    ("MAIL_URL", "folder:"), ("MAIL_URL", "x"), ("MAIL_FROM", "nobody"), ("QA_INBOX", "a b@c"), ("FORM", "nothing"), ("FORM", "../x"),
    ("COUNCIL_COLOUR", "blue"), ("COUNCIL_COLOUR", "#fffffe"), ("COUNCIL_COLOUR", "#12345;}"), ("ENV", "staging"), ("DATA", "/proc/nowhere"),
    ("TRUSTED_HOSTS", "*"), ("TRUSTED_HOSTS", "https://audits.example"), ("TRUSTED_HOSTS", "audits.example:443"), ("TRUSTED_HOSTS", "a b"),
    ("TRUSTED_HOSTS", ".example"), ("PROXIES", "-1"), ("PROXIES", "10"), ("PROXIES", "one"), ("PROXIES", "1.0"),
    ("SAFEGUARDING_URL", "http://council.example/now"), ("SAFEGUARDING_URL", "javascript:alert(1)"), ("SAFEGUARDING_URL", "https://a b"),
    ("SAFEGUARDING_URL", "https://council.example/\u00e9"), ("SAFEGUARDING_URL", "council.example"),
    ("BASE_URL", "https://[x"), ("BASE_URL", "https://a b"), ("DATABASE_URL", "postgresql://[x"), ("METRICS_TOKEN", "short"), ("METRICS_TOKEN", "with a space in it 0123456789"), ("METRICS_TOKEN", "\u00e9" * 30), ("NEWER_DATABASE", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_is_malformed_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=f"^PRACTICE_AUDIT_{name}") as refused:
        settings(tmp_path, **{name: value})
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", ["SECRET_KEY", "MAIL_FROM", "QA_INBOX", "BASE_URL", "MAIL_URL"])
def test_production_brings_its_own(name: str, tmp_path: Path) -> None:
    assert settings(tmp_path, **WHOLE).is_production
    with pytest.raises(BadSetting, match=f"^PRACTICE_AUDIT_{name} is missing"):
        settings(tmp_path, **{**WHOLE, name: ""})


def test_another_database_needs_a_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="SECRET_KEY"):
        settings(tmp_path, DATABASE_URL="postgresql://db/audit")


TEMPLATE, KEY = "0f2b6d1c-6c1e-4b7e-9a50-0d4c5f6a7b8c", "audit-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"
BAD_NOTIFY = (
    "notify:", "notify:welcome", f"notify:{TEMPLATE}0", f"notify://{TEMPLATE}", f"notify:{TEMPLATE}?key=1", f"notify:{TEMPLATE}?api=",
    f"notify:{TEMPLATE}?api=http://notify.example", f"notify:{TEMPLATE}?api=https://a@b", f"notify:{TEMPLATE}?api=ftp://127.0.0.1", f"notify:{TEMPLATE}?api=https://[x",
)  # fmt: skip


def test_notify_names_what_it_lacks(tmp_path: Path) -> None:
    for key in ("", "s3cret", KEY[6:], KEY + "0"):
        with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_NOTIFY_API_KEY") as refused:
            settings(tmp_path, MAIL_URL=f"notify:{TEMPLATE}", NOTIFY_API_KEY=key)
        assert not key or key not in str(refused.value)


@pytest.mark.parametrize("url", BAD_NOTIFY)
def test_notify_is_given_its_template(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_MAIL_URL"):
        settings(tmp_path, MAIL_URL=url, NOTIFY_API_KEY=KEY)


def test_notify_is_asked_over_https_in_production(tmp_path: Path) -> None:
    here = {"MAIL_URL": f"notify:{TEMPLATE}?api=http://127.0.0.1:9000", "NOTIFY_API_KEY": KEY}
    assert settings(tmp_path, **here).notify_api_key == KEY
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_MAIL_URL: the api"):
        settings(tmp_path, **{**WHOLE, **here})
    at_notify = {**WHOLE, "MAIL_URL": f"notify:{TEMPLATE}?api=https://notify.example", "NOTIFY_API_KEY": KEY}
    assert settings(tmp_path, **at_notify).is_production


def test_no_secret_is_in_what_is_printed_of_the_settings(tmp_path: Path) -> None:
    database = "postgresql://me:secret-1@db/audit"
    chosen = settings(tmp_path, SECRET_KEY="secret-2" * 4, DATABASE_URL=database, MAIL_URL="smtp://me:secret-3@mail.example")
    assert "secret-" not in repr(chosen)
    by_notify = settings(tmp_path, MAIL_URL=f"notify:{TEMPLATE}", NOTIFY_API_KEY=KEY)
    assert KEY[-36:] not in repr(by_notify)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000.0"])
def test_a_port_is_a_port(port: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="PORT"):
        read_settings({"PRACTICE_AUDIT_DATA": str(tmp_path), "PORT": port})


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, again = settings(tmp_path), settings(tmp_path)
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_cookies_are_locked_to_https_where_the_service_is_there(tmp_path: Path) -> None:
    assert settings(tmp_path, BASE_URL="https://audits.example").is_https
    assert not settings(tmp_path).is_https


def test_a_service_is_called_by_its_own_name_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path).trusted_hosts == ("localhost", "localhost", "127.0.0.1")
    assert settings(tmp_path, **{**WHOLE, "BASE_URL": "https://Audits.example:444/"}).trusted_hosts == ("audits.example",)
    assert settings(tmp_path, **WHOLE, TRUSTED_HOSTS="a.example, B.example").trusted_hosts == ("a.example", "b.example")
    assert settings(tmp_path).proxies == 0


ISSUER = {"OIDC_ISSUER": "https://login.example/tenant/v2.0", "OIDC_CLIENT_ID": "audit", "OIDC_CLIENT_SECRET": "s3cret"}
BAD_ISSUERS = (
    "http://login.example", "http://login.example.localhost.example", "login.example", "ftp://x", "https://", "https://x?y=z", "https://x#y",
    "https://me:secret@x", "https://x:port", "https://x y", "https://[x",
)  # fmt: skip


@pytest.mark.parametrize("name", ISSUER)
def test_council_accounts_need_all_of_it_or_none(name: str, tmp_path: Path) -> None:
    assert settings(tmp_path).council_sign_in is None
    chosen = settings(tmp_path, **ISSUER).council_sign_in
    assert chosen is not None
    assert "s3cret" not in repr(chosen)
    with pytest.raises(BadSetting, match=f"^PRACTICE_AUDIT_{name} is missing"):
        settings(tmp_path, **{**ISSUER, name: ""})


@pytest.mark.parametrize("issuer", BAD_ISSUERS)
def test_an_issuer_is_an_https_address(issuer: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_OIDC_ISSUER must be"):
        settings(tmp_path, **{**ISSUER, "OIDC_ISSUER": issuer})


TENANT = "0f2b6d1c-6c1e-4b7e-9a50-0d4c5f6a7b8c"
BAD_TENANTS = (
    "common/v2.0",
    "organizations/v2.0",
    "consumers/v2.0",
    "council.onmicrosoft.com/v2.0",
    TENANT,
    f"{TENANT}/v2.0/x",
    "v2.0",
    "",
)


def test_entra_is_asked_for_the_councils_own_tenant(tmp_path: Path) -> None:
    assert settings(tmp_path, **{**ISSUER, "OIDC_ISSUER": f"https://login.microsoftonline.com/{TENANT}/v2.0"}).council_sign_in
    for tenant in BAD_TENANTS:
        with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_OIDC_ISSUER must name"):
            settings(tmp_path, **{**ISSUER, "OIDC_ISSUER": f"https://login.microsoftonline.com/{tenant}"})


def test_plain_http_is_for_this_machine_in_a_demo(tmp_path: Path) -> None:
    here = {**ISSUER, "OIDC_ISSUER": "http://localhost:9000"}
    assert settings(tmp_path, **here).council_sign_in
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_OIDC_ISSUER"):
        settings(tmp_path, **{**WHOLE, **here})


def test_passwords_are_off_only_where_there_is_another_way_in(tmp_path: Path) -> None:
    assert settings(tmp_path).has_passwords
    assert not settings(tmp_path, **ISSUER, PASSWORDS="off").has_passwords
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_PASSWORDS can’t be off"):
        settings(tmp_path, PASSWORDS="off")
    for bad in ({"PASSWORDS": "no"}, {"OIDC_LINK_BY": "name"}):
        with pytest.raises(BadSetting, match=f"^PRACTICE_AUDIT_{next(iter(bad))} must be one of"):
            settings(tmp_path, **ISSUER, **bad)
