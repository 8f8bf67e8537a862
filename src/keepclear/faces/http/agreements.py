"""/v1/agreements and /v1/peers."""

from __future__ import annotations

import ssl

from keepclear.core.ids import check_party_id
from keepclear.core.timespan import parse_instant
from keepclear.errors import Malformed
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.agreement_toml import read_agreement
from keepclear.formats.api import answers, requests
from keepclear.formats.enrolment import Card, check_card
from keepclear.node.commands import ActOnAgreement, EnrolPeer, ProposeAgreement, RemovePeer, SignAgreement
from keepclear.node.loop import Receipt


async def list_agreements(api: Api, _: Asked) -> list[render.Shown]:
    """Agreements, proposed or in force."""
    picture = api.node.picture
    return [render.agreement(held, picture) for held in picture.agreements.values()]


async def propose(api: Api, asked: Asked) -> render.Shown:
    """Propose terms and sign them ourselves."""
    body: requests.ProposeAgreementRequest = asked.body
    if bool(body.toml) == (body.terms is not None):
        raise Malformed("give the terms either as toml or as terms", at="toml")
    terms = requests.terms_to_agreement(body.terms) if body.terms is not None else read_agreement(body.toml)
    receipt = await api.submit(asked, ProposeAgreement(terms, body.by))
    return _agreement_answer(api, receipt, receipt.subject)


async def sign(api: Api, asked: Asked) -> render.Shown:
    """Sign what was proposed."""
    body: requests.SignatureRequest = asked.body
    hash_ = asked.path["hash"]
    receipt = await api.submit(asked, SignAgreement(hash_, body.by))
    return _agreement_answer(api, receipt, hash_)


async def act(api: Api, asked: Asked) -> render.Shown:
    """Suspend an agreement, take that back, extend it, or withdraw."""
    body: requests.ActOnAgreementRequest = asked.body
    hash_ = asked.path["hash"]
    until = parse_instant(body.until, at="until") if body.until else 0
    receipt = await api.submit(asked, ActOnAgreement(hash_, body.act, body.by, until, body.reason))
    return _agreement_answer(api, receipt, hash_)


async def list_peers(api: Api, _: Asked) -> list[render.Shown]:
    """Parties that are enrolled."""
    return [render.peer(api.node, party) for party in api.node.picture.enrolled_peers()]


async def enrol(api: Api, asked: Asked) -> render.Shown:
    """Accept a party's keys."""
    body: requests.EnrolPeerRequest = asked.body
    _check_certificate(body.tls)
    check_card(Card(body.party, body.name, body.ed25519, body.mldsa44, body.tls, body.url, body.telephone))
    command = EnrolPeer(
        party=body.party,
        name=body.name,
        ed25519=body.ed25519,
        mldsa44=body.mldsa44,
        tls=body.tls,
        url=body.url,
        telephone=body.telephone,
        persons=body.persons,
    )
    return {"receipt": render.receipt(await api.submit(asked, command))}


def _check_certificate(pem: str) -> None:
    """Refuse at the door what TLS could not use later, when nobody is looking."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise Malformed("this is not a certificate in PEM", at="tls") from None


async def remove(api: Api, asked: Asked) -> render.Shown:
    """Accept nothing more from a party."""
    by = asked.query.get("by", "")
    if not 0 < len(by) <= 60:
        raise Malformed("say who removes it, in 1 to 60 characters: ?by=", at="by")
    command = RemovePeer(check_party_id(asked.path["party"]), by)
    return {"receipt": render.receipt(await api.submit(asked, command))}


def _agreement_answer(api: Api, receipt: Receipt, hash_: str) -> render.Shown:
    picture = api.node.picture
    held = picture.agreements.get(hash_)
    return {"receipt": render.receipt(receipt), "agreement": render.agreement(held, picture) if held else None}


ENDPOINTS = (
    Endpoint("GET", "/v1/agreements", "Agreements, proposed or in force", list_agreements,
             answer=list[answers.Agreement]),
    Endpoint("POST", "/v1/agreements", "Propose terms, and sign them ourselves", propose,
             requests.ProposeAgreementRequest, answers.AgreementAnswer, 201),
    Endpoint("POST", "/v1/agreements/{hash}/signature", "Sign what was proposed, by its hash", sign,
             requests.SignatureRequest, answers.AgreementAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("POST", "/v1/agreements/{hash}/act", "Suspend, resume, extend or withdraw from what is in force", act,
             requests.ActOnAgreementRequest, answers.AgreementAnswer, errors=("not_found", "unlawful_change")),
    Endpoint("GET", "/v1/peers", "Parties that are enrolled, and their lines", list_peers, answer=list[answers.Peer]),
    Endpoint("POST", "/v1/peers", "Enrol a party, after two persons compared the words", enrol,
             requests.EnrolPeerRequest, answers.ReceiptAnswer, 201),
    Endpoint("DELETE", "/v1/peers/{party}", "Accept nothing more that is signed by a party's keys", remove,
             answer=answers.ReceiptAnswer, query={"by": "who does this"}, errors=("not_found",)),
)  # fmt: skip
