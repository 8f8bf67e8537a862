"""Check a keepclear record file or a given receipt offline, written from docs/reference/record.md alone."""

import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Generator
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

Json = dict[str, Any]
MAX_LINE_BYTES, MAX_ENTRY_BYTES, MAX_DEPTH, MAX_INTEGER, YEAR_2020_S = 2_000_000, 65_535, 32, 2**53 - 1, 1_577_836_800
FIELD, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519
EIGHTH_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # y of points of order 8
RFC8785 = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))  # for what the record may hold
IDENTITY, SEEN = {"party": str, "name": str, "ed25519": str, "mldsa44": str}, {"root": str, "size": int}
LINE, RECEIVED = {"log": str, "n": int, "hash": str, "entry": str}, {"hash": str, "index": int, "received_at": int}
ENTRY = {"v": int, "log": str, "n": int, "at": int, "kind": str, "mode": str, "stated": bool, "body": dict}
PROOF = r"c2sp\.org/tlog-proof@v1\n(?:extra [A-Za-z0-9+/]+={0,2}\n)?index (0|[1-9][0-9]{0,15})((?:\n\S{44})*)"
GIVEN = dict.fromkeys(("format", "entry", "proof", "received", "received_proof"), str)


def need(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(what)


def fits(value: Any, shape: Any, depth: int = 1) -> bool:  # of a type, or just of these keys, and plain all through
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(shape, dict):
        return isinstance(value, dict) and value.keys() == shape.keys() and all(fits(v, shape[k], 2) for k, v in inner)
    small = abs(value) <= MAX_INTEGER if isinstance(value, int) else depth <= MAX_DEPTH or isinstance(value, str)
    plain = type(value) is shape and shape in (str, int, bool, list, dict) and small
    return plain and all(str(key).isascii() and fits(held, type(held), depth + 1) for key, held in inner)


def canonical(data: bytes, shape: Json, longest: int = MAX_LINE_BYTES) -> Json:
    value: Json = json.loads(data.decode()) if len(data) <= longest else {}
    need(fits(value, shape) and RFC8785.encode(value).encode() == data, "too long, or not canonical with these keys")
    return value


def unbase64(text: str, length: int = 0) -> bytes:
    data = b64decode(text, validate=True)
    need(b64encode(data).decode() == text and length in (0, len(data)), "base64 is inexact or of the wrong length")
    return data


def check_signature(kind: int, public: bytes, message: bytes, signature: bytes) -> None:
    """By the strict rule. OpenSSL checks the equation as it asks, without the cofactor, but takes points it refuses."""
    for point in (public, signature[:32]) if kind != 6 else ():
        y = int.from_bytes(point, "little") & (2**255 - 1)
        need(y < FIELD and y not in (0, 1, FIELD - 1, EIGHTH_Y, FIELD - EIGHTH_Y), "an Ed25519 point is not allowed")
        need(int.from_bytes(signature[32:], "little") < ORDER, "an Ed25519 S is not below the group order")
    {6: mldsa.MLDSA44PublicKey}.get(kind, ed25519.Ed25519PublicKey).from_public_bytes(public).verify(signature, message)


def read_keys(identities: list[Any], trusted: list[Any]) -> list[tuple[str, int, bytes]]:  # party, type byte, key
    keys = []
    for one in identities + trusted:
        need(fits(one, IDENTITY) and re.fullmatch("[a-z][a-z0-9-]{0,31}", one["party"]), "not an identity")
        need(0 < len(one["name"]) <= 200 and one["name"].isprintable(), "a name is too long or not printable")
        print(f"{one['party']} has the fingerprint {sha256(RFC8785.encode(one).encode()).hexdigest()}")
        short, long = unbase64(one["ed25519"], 32), unbase64(one["mldsa44"], 1312)
        keys += [(one["party"], 1, short), (one["party"], 4, short), (one["party"], 6, long)]
    need(set(keys) == set(own := keys[: 3 * len(identities)]), "a trusted party is absent, or has other keys here")
    need(len({k[0] for k in own}) * 2 == len({k[2] for k in own}) == len(identities) * 2, "an id or key twice")
    return own


def read_checkpoint(note: str, log: str, keys: list[tuple[str, int, bytes]]) -> tuple[int, bytes, set[str]]:
    """Size, root, and which parties cosigned it with both keys; signed by its log, and no line by a known key false."""
    found = re.fullmatch(r"(([^\n]+)\n(0|[1-9][0-9]{0,15})\n(\S{44})\n)\n((?:— [^\s+\0-\x1f]+ \S+\n)+)", note)
    text, origin, size, root, lines = found.groups() if found else ("",) * 5
    need(log == origin, f"not a signed checkpoint of {log}")
    sized, times = int(size).to_bytes(8, "big") + unbase64(root, 32), dict[tuple[str, int], int]()
    signatures = [(name, unbase64(coded)) for _, name, coded in (line.split(" ") for line in lines.split("\n")[:-1])]
    need(all(len(raw) > 4 for _, raw in signatures), "a signature line without a key id and a signature")
    for party, kind, public in keys:
        name = f"keepclear/{party}" if kind > 1 else log if log.split("/")[1] == party else ""
        key_id = sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
        for raw in (raw[4:] for signer, raw in signatures if (signer, raw[:4]) == (name, key_id)):
            time_s, (who, what) = int.from_bytes(raw[:8], "big"), (bytes([len(s)]) + s.encode() for s in (name, log))
            message = text.encode() if kind == 1 else f"cosignature/v1\ntime {time_s}\n{text}".encode()
            subtree = b"subtree/v1\n\0" + who + raw[:8] + what + bytes(8) + sized
            check_signature(kind, public, subtree if kind == 6 else message, raw if kind == 1 else raw[8:])
            new = (party, kind) not in times and times.get((party, 10 - kind), time_s) == time_s
            need(kind == 1 or (new and YEAR_2020_S <= time_s < 2**63), f"{party} cosigned twice or at a wrong time")
            times[party, kind] = time_s
    need((log.split("/")[1], 1) in times and int(size) <= MAX_INTEGER, "not signed by its log, or too large")
    return int(size), sized[8:], {party for party, _ in times if {(party, 4), (party, 6)} <= times.keys()}


def read_entry(text: str, log: str, n: int) -> Json:
    under = dict.fromkeys(re.findall(r'"(profile)":"[0-9a-f]{64}","seen":{[^{}]*},"stated":\w+,"v":1}$', text), str)
    entry = canonical(text.encode(), ENTRY | ({"seen": SEEN} | under if "/to/" in log else {}), MAX_ENTRY_BYTES)
    need((entry["log"], entry["n"], entry["v"]) == (log, n, 1), f"says that it is {entry['n']} of {entry['log']!r}")
    need(entry["mode"] in ("OPER", "EXER", "TEST") and entry["at"] >= 0 and entry["kind"], "of no mode, kind or time")
    came = [entry["body"]] if "seen" in entry and entry["kind"] == "received" else []
    need(all(fits(body, RECEIVED) and body["received_at"] >= 0 for body in came), "does not say what came")
    return entry | {"leaf": sha256(b"\0" + text.encode()).digest()}


def read_log(log: str, lines: list[Json], keys: list[tuple[str, int, bytes]]) -> Generator[str, None, Json]:
    """Rules 2 to 4: the entries of a log, its root at every size, and each size signed with those who cosigned it."""
    entries, peaks, roots, signed = list[Json](), list[bytes](), [sha256().digest()], [(0, set[str]())]
    for n, line in enumerate(line for line in lines if "entry" in line):
        yield f"entry {n} of {log}"
        entries.append(read_entry(line["entry"], log, n))
        need((line["n"], line["hash"]) == (n, entries[n]["leaf"].hex()), "`n` or `hash` is not the entry's")
        need(entries[n]["at"] >= entries[max(n - 1, 0)]["at"], "earlier than the entry before it")
        node, place = entries[n]["leaf"], n
        while place & 1:  # another subtree is complete
            node, place = sha256(b"\1" + peaks.pop() + node).digest(), place >> 1
        peaks.append(node)
        roots.append(reduce(lambda right, left: sha256(b"\1" + left + right).digest(), reversed(peaks)))
    for number, line in enumerate(line for line in lines if "checkpoint" in line):
        yield f"checkpoint {number} of {log}"
        (size, root, cosigned), last = read_checkpoint(line["checkpoint"], log, keys), signed[-1][0]
        need((not number or last < size) and size <= len(entries), f"size {size} does not rise, or is beyond the file")
        need(roots[size] == root, f"not the root of its entries: one of {last} to {size - 1} is bad")
        signed.append((size, cosigned))
    return {"entries": entries, "roots": roots, "signed": signed}


def check_record(lines: list[bytes], trusted: list[Any]) -> Generator[str, None, None]:  # gives what it checks next
    header = canonical(lines[0], {"format": str, "party": IDENTITY, "peers": list, "logs": list})
    keys = read_keys([header["party"], *header["peers"]], trusted)
    names, me, ids, body, logs = header["logs"], header["party"]["party"], {key[0] for key in keys}, list[Json](), {}
    pairs = [(f"keepclear/{a}/to/{b}", f"keepclear/{b}/to/{a}") for a in ids for b in ids if a != b and me in (a, b)]
    opposite = dict([*pairs, (f"keepclear/{me}/private",) * 2])
    need(all(isinstance(name, str) and opposite.get(name) in names for name in names), "a log that does not belong")
    for number, line in enumerate(lines[1:-1], 2):
        yield f"line {number}" + (f", after entry {body[-1].get('n')} of {body[-1]['log']!r}" if body else "")
        body.append(canonical(line, {"log": str, "checkpoint": str} if line.startswith(b'{"checkpoint"') else LINE))
    for log in names:
        logs[log] = yield from read_log(log, [line for line in body if line["log"] == log], keys)
    yield "the file"
    order = [("checkpoint" in line, names.index(line["log"])) for line in body]
    need(order == sorted(order) and len(logs) == len(names), "not in the order of the header's logs, or a log twice")
    need(lines[-1] == b'{"end":true,"lines":%d}' % (len(lines) - 1), "cut short, or its foot counts other lines")
    for log, own in logs.items():
        back, size, private = logs[opposite[log]], 0, "/to/" not in log
        due = [(entry["n"], entry["leaf"].hex()) for entry in back["entries"][::-1] if entry["kind"] != "received"]
        for entry in () if private else own["entries"]:
            yield f"entry {entry['n']} of {log}"
            last, size, told = size, entry["seen"]["size"], (entry["body"].get("index"), entry["body"].get("hash"))
            need(last <= size < len(back["roots"]), "`seen` falls, or is beyond the file")
            need(entry["seen"]["root"] == back["roots"][size].hex(), "`seen` is no root that the opposite channel had")
            need(entry["kind"] != "received" or (due and due.pop() == told), "`received` is not of the entry now due")
        count, signed = len(own["entries"]), own["signed"][-1][0]
        cosigned = max(size for size, who in own["signed"] if private or not size or log.split("/")[-1] in who)
        need(private or cosigned or not count, f"the reader of {log} cosigned nothing")
        print(f"{log}: {count} entries, {count - signed} not yet signed, {signed - cosigned} not yet cosigned")


def check_given(lines: list[bytes], trusted: list[Any]) -> Generator[str, None, None]:  # gives what it checks next
    given = canonical(b"\n".join(lines), GIVEN | {"sender": IDENTITY, "receiver": IDENTITY})
    keys = read_keys([given["sender"], given["receiver"]], trusted)
    one, other, proved = given["sender"]["party"], given["receiver"]["party"], list[Any]()
    for key, log in (("entry", f"keepclear/{one}/to/{other}"), ("received", f"keepclear/{other}/to/{one}")):
        yield f"`{key}` and its proof"
        head, _, note = given["proof" if key == "entry" else "received_proof"].partition("\n\n")
        index, path = (int(found[1]), found[2].split()) if (found := re.fullmatch(PROOF, head)) else (MAX_INTEGER, [])
        size, root, cosigned = read_checkpoint(note, log, keys)
        proved += [read_entry(given[key], log, index), cosigned]
        node, inner = proved[-2]["leaf"], (index ^ (size - 1)).bit_length()  # above, every neighbour is on the left
        need(index < size and len(path) == inner + (index >> inner).bit_count(), "no tlog-proof of this index and size")
        for height, line in enumerate(path):
            pair = (unbase64(line, 32), node) if height >= inner or index >> height & 1 else (node, unbase64(line, 32))
            node = sha256(b"\1" + b"".join(pair)).digest()
        need(node == root, "not in the tree of its checkpoint")
    entry, cosigned, received, _ = proved
    need(other in cosigned and entry["kind"] != "received", "not cosigned by the receiver with both keys, or an answer")
    told = received["kind"], received["body"].get("index"), received["body"].get("hash")
    need(told == ("received", entry["n"], entry["leaf"].hex()), "`received` is not of this entry")
    print(f"entry {entry['n']} of {one} was given to {other} at {received['body']['received_at']} us since 1970")


if __name__ == "__main__":
    code, place = 2, "usage: verify_record.py FILE [--trust IDENTITY.json ...]"
    try:
        file, *trust = (Path(word) for word in sys.argv[1:] if word != "--trust")
        content, known = file.read_bytes().removesuffix(b"\n").split(b"\n"), [json.loads(p.read_bytes()) for p in trust]
        is_record = content[0].startswith(b'{"format":"keepclear-record/1",')
        need(is_record or b',"format":"keepclear-given/1",' in content[0], "neither a record file nor a given receipt")
        code, place = 1, "the first line"
        for step in check_record(content, known) if is_record else check_given(content, known):
            place = step
        code = 0
    except (OSError, ValueError, RecursionError, InvalidSignature) as fault:
        print(f"{place}: {str(fault) or 'a signature by a known key does not hold'}")
    print(("SOUND", "NOT SOUND", "NOT SUCH A FILE")[code])
    raise SystemExit(code)
