"""
Tokens that services mark with a prefix, so that they can be found.

A prefix and a fixed length leave next to no doubt; a checksum leaves none. Only repeated characters are
taken for a placeholder here: a made-up token of the right form cannot be told from a real one.

Sources: the token format pages of each service, as of 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assaymark.detectors.secrets.evidence import checksum_holds, has_letter_and_digit, is_monotonous
from assaymark.detectors.secrets.rule import Rule

_CERTAIN, _LIKELY, _PLAUSIBLE = 0.95, 0.8, 0.6
_VERIFIED = 1.0


@dataclass(frozen=True, slots=True)
class _Prefixed:
    """Scores what a prefix announces."""

    score: float

    def __call__(self, match: re.Match[str]) -> float | None:
        body = match["body"]
        # Real tokens mix; a word in capitals or a row of digits behind the prefix is something else.
        mixed = has_letter_and_digit(body) or (body.upper() != body != body.lower())
        return self.score if mixed and not is_monotonous(body) else None


@dataclass(frozen=True, slots=True)
class _Checksummed:
    """Scores a token by its checksum; a wrong one is a token that was made up or damaged."""

    def __call__(self, match: re.Match[str]) -> float | None:
        body = match["body"]
        if checksum_holds(body):
            return _VERIFIED
        return None if is_monotonous(body) else _PLAUSIBLE


def _token(
    entity: str,
    prefix: str,
    body: str,
    score: float = _CERTAIN,
    *,
    literals: tuple[str, ...],
    rare_prefix: bool = True,
) -> Rule:
    # The boundaries hold every character of a token, so none is found inside another or cut short.
    before, after = (r"_\-", "_") if rare_prefix else (r"_\-+/", "_+/=")
    pattern = rf"(?<![A-Za-z0-9{before}])(?:{prefix})(?P<body>{body})(?![A-Za-z0-9{after}])"
    return Rule(
        entity=entity,
        literals=literals,
        pattern=re.compile(pattern, re.ASCII),
        weigh=_Prefixed(score),
    )


def _checksummed(entity: str, prefix: str, literals: tuple[str, ...]) -> Rule:
    pattern = rf"(?<![A-Za-z0-9_])(?:{prefix})(?P<body>[A-Za-z0-9]{{36}})(?![A-Za-z0-9])"
    return Rule(
        entity=entity,
        literals=literals,
        pattern=re.compile(pattern, re.ASCII),
        weigh=_Checksummed(),
    )


_W = r"[A-Za-z0-9_\-]"
_A = r"[A-Za-z0-9]"
_H = r"[0-9a-f]"

SERVICES: tuple[Rule, ...] = (
    # AWS ids are base 32; a digit that base 32 lacks means that somebody typed it.
    _token(
        "AWS_ACCESS_KEY",
        "AKIA|ASIA|ABIA|ACCA",
        "[A-Z2-7]{16}",
        literals=("AKIA", "ASIA", "ABIA", "ACCA"),
    ),
    _token("AWS_ACCESS_KEY", "AKIA|ASIA", "[A-Z0-9]{16}", _PLAUSIBLE, literals=("AKIA", "ASIA")),
    _token("AWS_SECRET_KEY", "ABSK", r"[A-Za-z0-9+/]{109,269}={0,2}", literals=("ABSK",)),
    _token("GCP_API_KEY", "AIza", rf"{_W}{{35}}", literals=("AIza",)),
    _token("GOOGLE_OAUTH_SECRET", "GOCSPX-", rf"{_W}{{28}}", literals=("GOCSPX-",)),
    _token("GOOGLE_OAUTH_SECRET", r"ya29\.", rf"{_W}{{40,1000}}", literals=("ya29.",)),
    _checksummed("GITHUB_TOKEN", "gh[pousr]_", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _token(
        "GITHUB_TOKEN",
        "ghs_[0-9]{1,12}_",
        rf"eyJ{_W}{{10,1000}}\.{_W}{{10,4000}}\.{_W}{{20,2000}}",
        literals=("ghs_",),
    ),
    _token("GITHUB_TOKEN", "github_pat_", rf"{_A}{{22}}_{_A}{{59}}", literals=("github_pat_",)),
    _token(
        "GITLAB_TOKEN",
        "gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-",
        rf"{_W}{{20,300}}(?:\.[a-z0-9]{{2}}\.[a-z0-9]{{9}})?",
        literals=(
            "glpat-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "glptt-",
            "glft-",
            "glsoat-",
            "glimt-",
            "glagent-",
            "gloas-",
        ),
    ),
    _token(
        "SLACK_TOKEN", "xox[abceoprs]-|xapp-1-", r"[A-Za-z0-9\-]{16,300}", literals=("xox", "xapp-")
    ),
    _token(
        "SLACK_WEBHOOK",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/",
        r"[A-Z0-9]{8,12}/[A-Z0-9]{8,20}/[A-Za-z0-9/]{20,100}",
        literals=("hooks.slack.com/",),
    ),
    _token(
        "STRIPE_KEY", "[rs]k_(?:live|test)_", rf"{_A}{{16,250}}", literals=("k_live_", "k_test_")
    ),
    _token("STRIPE_KEY", "whsec_", r"[A-Za-z0-9+/]{32,64}={0,2}", literals=("whsec_",)),
    _checksummed("NPM_TOKEN", "npm_", ("npm_",)),
    # The rest of the prefix is the base64 of the macaroon's location, `pypi.org` or `test.pypi.org`.
    _token(
        "PYPI_TOKEN",
        "pypi-AgEIcHlwaS5vcmc|pypi-AgENdGVzdC5weXBpLm9yZw",
        rf"{_W}{{50,1000}}",
        literals=("pypi-AgE",),
    ),
    _token("TWILIO_KEY", "SK", r"[0-9a-f]{32}|[0-9A-F]{32}", _LIKELY, literals=("SK",)),
    _token("SENDGRID_KEY", r"SG\.", rf"{_W}{{22}}\.{_W}{{43}}", literals=("SG.",)),
    _token(
        "OPENAI_KEY",
        "sk-(?:proj-|svcacct-|admin-)?",
        rf"{_W}{{20,120}}T3BlbkFJ{_W}{{20,120}}",
        literals=("T3BlbkFJ",),
    ),
    _token(
        "OPENAI_KEY",
        "sk-(?:proj|svcacct|admin)-",
        rf"{_W}{{40,300}}",
        _LIKELY,
        literals=("sk-proj-", "sk-svcacct-", "sk-admin-"),
    ),
    _token(
        "ANTHROPIC_KEY",
        "sk-ant-(?:[a-z]{2,10}[0-9]{2}-)?",
        rf"{_W}{{32,200}}",
        literals=("sk-ant-",),
    ),
    _token(
        "HUGGINGFACE_TOKEN", "hf_|api_org_", r"[A-Za-z0-9]{34,40}", literals=("hf_", "api_org_")
    ),
    _token(
        "AZURE_KEY", r"[A-Za-z0-9_~.]{3}[78]Q~", r"[A-Za-z0-9_~.\-]{31,34}", literals=("7Q~", "8Q~")
    ),
)
"""Services whose tokens have an entity of their own."""


def _other(prefix: str, body: str, score: float = _CERTAIN, *, literals: tuple[str, ...]) -> Rule:
    return _token("SERVICE_TOKEN", prefix, body, score, literals=literals)


def _plain(prefix: str, body: str, literals: tuple[str, ...]) -> Rule:
    # A prefix of letters alone turns up in any large enough blob of base 64, so none may surround it.
    return _token("SERVICE_TOKEN", prefix, body, _LIKELY, literals=literals, rare_prefix=False)


OTHER_SERVICES: tuple[Rule, ...] = (
    _other(
        "sk-", r"[A-Za-z0-9]{32,64}", _LIKELY, literals=("sk-",)
    ),  # DeepSeek, older OpenAI and others
    _other("sk-or-v1-", rf"{_H}{{64}}", literals=("sk-or-v1-",)),  # OpenRouter
    _other("gsk_", rf"{_A}{{52}}", literals=("gsk_",)),  # Groq
    _other("xai-", rf"{_A}{{80}}", literals=("xai-",)),
    _other("pplx-", rf"{_A}{{48}}", literals=("pplx-",)),
    _other("r8_", rf"{_A}{{37}}", literals=("r8_",)),  # Replicate
    _other("tgp_v1_", rf"{_W}{{43}}", literals=("tgp_v1_",)),  # Together
    _other("tvly-(?:dev-|prod-)?", rf"{_A}{{32}}", literals=("tvly-",)),
    _other("llx-", rf"{_W}{{48}}", literals=("llx-",)),  # LlamaIndex
    _other("hvs\\.|hvb\\.|s\\.", rf"{_W}{{90,200}}", literals=("hvs.", "hvb.")),  # Vault
    _other("dop_v1_|doo_v1_|dor_v1_", rf"{_H}{{64}}", literals=("dop_v1_", "doo_v1_", "dor_v1_")),
    _other("dapi", rf"{_H}{{32}}(?:-[0-9])?", literals=("dapi",)),  # Databricks
    _other("dckr_[po]at_", rf"{_W}{{27,40}}", literals=("dckr_",)),
    _other("SWMTKN-1-", r"[a-z0-9]{50}-[a-z0-9]{25}", literals=("SWMTKN-1-",)),
    _other("SWMKEY-1-", r"[A-Za-z0-9+/]{43}", literals=("SWMKEY-1-",)),
    _other(
        "shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32}", literals=("shpat_", "shpca_", "shppa_", "shpss_")
    ),
    _other("sq0(?:atp|csp)-", rf"{_W}{{22,43}}", literals=("sq0atp-", "sq0csp-")),
    _plain("EAA[A-Z]", rf"{_A}{{80,400}}", ("EAA",)),  # Facebook, Square
    _other(r"[0-9]{13,17}\|", rf"{_W}{{27}}", literals=("|",)),
    _plain("IGQ[VW]", rf"{_W}{{100,400}}", ("IGQ",)),  # Instagram
    _other("ATATT3", rf"{_W}{{170,200}}(?:=[0-9A-F]{{8}})?", literals=("ATATT3",)),  # Atlassian
    _other("ATBB", rf"{_A}{{32}}", literals=("ATBB",)),
    _other("BBDC-", r"[A-Za-z0-9+/@_\-]{40,50}", literals=("BBDC-",)),
    _other("NRAK-", r"[A-Z0-9]{27}", literals=("NRAK-",)),  # New Relic
    _other("", r"[0-9a-z]{6}[0-9a-f]{30}NRAL", literals=("NRAL",)),
    _other("PMAK-", rf"{_H}{{24}}-{_H}{{34}}", literals=("PMAK-",)),  # Postman
    _other("PMAT-", r"[0-9A-Z]{26}", literals=("PMAT-",)),
    _other("lin_api_", rf"{_A}{{40}}", literals=("lin_api_",)),
    _other("figd_", rf"{_W}{{40,64}}", literals=("figd_",)),
    _other(r"dp\.(?:pt|st|ct|sa|scim|audit)\.", rf"{_A}{{40,44}}", literals=("dp.",)),  # Doppler
    _other("gl(?:sa|c)_", r"[A-Za-z0-9+/_]{32,400}={0,2}", literals=("glsa_", "glc_")),  # Grafana
    _other("sntry[su]_", r"[A-Za-z0-9+/=_\-]{40,400}", literals=("sntrys_", "sntryu_")),
    _other("rubygems_", rf"{_H}{{48}}", literals=("rubygems_",)),
    _plain("oy2", r"[a-z0-9]{43}", ("oy2",)),  # NuGet
    _other("CLOJARS_", rf"{_H}{{60}}", literals=("CLOJARS_",)),
    _other("ops_", rf"eyJ{_W}{{200,2000}}", literals=("ops_eyJ",)),  # 1Password
    _other("xkeysib-", rf"{_H}{{64}}-{_A}{{16}}", literals=("xkeysib-",)),  # Brevo
    _other("key-", rf"{_H}{{32}}", _LIKELY, literals=("key-",)),  # Mailgun
    _other("", rf"{_H}{{32}}-us[0-9]{{1,2}}", _LIKELY, literals=("-us",)),  # Mailchimp
    _other(
        "ph[cxsra]_", rf"{_A}{{40,64}}", _LIKELY, literals=("phc_", "phx_", "phs_", "phr_", "pha_")
    ),
    _plain("AKCp", rf"{_A}{{65,75}}", ("AKCp",)),  # Artifactory
    _plain("cmVmd", rf"{_A}{{59}}", ("cmVmd",)),
    _other("sq[uap]_", rf"{_H}{{40}}", literals=("squ_", "sqa_", "sqp_")),  # SonarQube
    _plain("LTAI", rf"{_A}{{12,20}}", ("LTAI",)),  # Alibaba
    _other(
        "amzn\\.mws\\.",
        r"[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}",
        literals=("amzn.mws.",),
    ),
    _other("da2-", r"[a-z0-9]{26}", literals=("da2-",)),  # AWS AppSync
    _other("dnkey-", r"[A-Z0-9]{26}-[A-Z0-9]{52}", literals=("dnkey-",)),
    _other(
        "vcp_|vci_|vca_|vcr_|vck_",
        rf"{_A}{{56}}",
        literals=("vcp_", "vci_", "vca_", "vcr_", "vck_"),
    ),  # Vercel
    _other("cosmo_", rf"{_H}{{32}}", literals=("cosmo_",)),
    _other("sbp_", rf"{_H}{{40}}", literals=("sbp_",)),  # Supabase
    _other("pscale_(?:tkn|pw|oauth)_", r"[A-Za-z0-9_=.\-]{32,64}", literals=("pscale_",)),
    _other("pul-", rf"{_H}{{40}}", literals=("pul-",)),  # Pulumi
    _other("pnu_", rf"{_A}{{36}}", literals=("pnu_",)),  # Prefect
    _other("ntn_", rf"{_A}{{40,50}}", literals=("ntn_",)),  # Notion
    _other("pat", rf"{_A}{{14}}\.{_H}{{64}}", literals=("pat",)),  # Airtable
    _other("FlyV1 fm[12]a?_|fo1_", r"[A-Za-z0-9+/=,_\-]{40,1000}", literals=("FlyV1 ", "fo1_")),
    _other("p8e-", r"[a-z0-9]{32}", literals=("p8e-",)),  # Adobe
    _other("3MVG", r"[A-Za-z0-9._]{80,100}", literals=("3MVG",)),  # Salesforce
    _other(f"00D{_A}{{12,15}}!", r"[A-Za-z0-9._]{80,260}", literals=("00D",)),
    _other("[0-9]{8,10}:AA", rf"{_W}{{33}}", literals=(":AA",)),  # Telegram
    _other(f"[MNO]{_A}{{23,27}}\\.{_W}{{6}}\\.", rf"{_W}{{27,40}}", literals=(".",)),  # Discord
    _other(
        r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/",
        rf"[0-9]{{17,20}}/{_W}{{60,70}}",
        literals=("/api/webhooks/",),
    ),
    _plain("S[UACON]A", r"[A-Z2-7]{55}", ("SUA", "SAA", "SCA", "SOA", "SNA")),  # NATS
    _other("bedrock-api-key-", r"[A-Za-z0-9+/=]{32,2000}", literals=("bedrock-api-key-",)),
    _other("akab-", r"[a-z0-9]{16}-[a-z0-9]{16}", literals=("akab-",)),  # Akamai
)
"""The many others; they share the entity `SERVICE_TOKEN`."""
