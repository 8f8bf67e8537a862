"""Every bound and duration of a node, with its unit and its reason. Agreed numbers stand in agreements, not here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Bounds; one that is hit is a LimitReached or Busy that names it."""

    #: Commands waiting for the loop. At 2,000 a second this is two seconds of work; beyond it a caller should be told.
    queue_max: int = 4_096
    #: Places of the queue that only the STOP lane may use.
    queue_reserved: int = 256
    #: Commands decided in one transaction. Larger groups share one fsync; smaller ones answer sooner.
    batch_max: int = 256
    #: Seconds before a notice ends by itself that this is announced, once.
    announce_expiry_s: int = 600
    #: The ladder of an alert that nobody answers, where none is agreed, seconds from when the other machine took it.
    #: 15 and 90 minutes are the FAA's, for a receipt and for giving up (Order 7930.2, Appendix D), the others our own.
    ladder_second_path_s: int = 300
    ladder_phone_s: int = 900
    ladder_supervisor_s: int = 1_800
    ladder_next_echelon_s: int = 3_600
    ladder_unanswered_s: int = 5_400
    #: The same where life is at stake, for a warning and for STOP: 60 s and 3 min (PRACTICE N4), the others our own.
    ladder_urgent_second_path_s: int = 15
    ladder_urgent_phone_s: int = 30
    ladder_urgent_supervisor_s: int = 60
    ladder_urgent_next_echelon_s: int = 120
    ladder_urgent_unanswered_s: int = 180
    #: Seconds that one attempt on one path may take, and attempts under way at once.
    alarm_timeout_s: float = 30.0
    alarms_at_once: int = 16
    #: Seconds in which a request is answered where no agreement says otherwise: a day, half of what a call request has
    #: under the US-China line of 2008 (48 h).
    answer_request_s: int = 86_400
    #: Live notices, ours and others'. What the index was measured with, ten times over.
    notices_max: int = 1_000_000
    #: Of these, one peer's: so that no other party, and not we, find the place taken.
    notices_of_peer_max: int = 100_000
    #: Zones that one party has announced, those that are over and still looked at included.
    zones_of_party_max: int = 500
    #: Conflicts told for one notice. A dense theatre gives hundreds.
    conflicts_max: int = 10_000
    #: Pairs written out in one `conflicts_found`; the entry would outgrow its 65,535 bytes.
    pairs_max: int = 200
    #: Entries in one message to a peer, and its bytes.
    delivery_entries_max: int = 256
    delivery_bytes_max: int = 4_000_000
    #: Seconds between two deliveries to one peer: what is filed meanwhile goes together, and its door is not flooded.
    delivery_pause_s: float = 0.005
    #: Seconds between attempts to reach a peer: doubles from the first to the last.
    retry_first_s: float = 0.5
    retry_last_s: float = 30.0
    #: Seconds between heartbeats, and how many may be missing before the line is DEGRADED and before it alarms, where
    #: no agreement says it in seconds: last heard within 10 s, an alarm after 30 s.
    heartbeat_s: float = 5.0
    heard_within_beats: int = 2
    alarm_after_beats: int = 6
    #: Seconds from one line test to the next, and for its answer, where no agreement says otherwise. Two a day is what
    #: the Korean liaison lines keep (V3).
    line_test_every_s: float = 43_200.0
    line_test_within_s: float = 600.0
    #: Seconds until somebody is reminded of groups that have not confirmed what was passed on to them.
    pass_on_remind_s: float = 300.0
    #: Messages to one peer that wait while its channel is suspended.
    held_back_max: int = 10_000
    #: Followers of the event stream, and events waiting for one of them before it is cut off (it resumes by id).
    followers_max: int = 64
    follower_queue_max: int = 10_000
    #: Seconds between ticks: how late a missed deadline may be noticed.
    tick_s: float = 1.0
    #: A jump of the wall clock, or a difference to a peer's, above this puts the line in CLOCK SUSPECT.
    clock_jump_s: float = 5.0
    #: A notice may not end later than this from now: it would be a slip of the year. Standing notices of a year exist.
    horizon_days: int = 400
    #: Answers kept for callers that repeat an Idempotency-Key.
    idempotency_keys_max: int = 100_000
    #: Bytes set aside on disk for the STOP lane.
    reserve_bytes: int = 8_388_608
    #: Whether a cosignature needs its ML-DSA-44 line. Only the simulator says no: it must sign the same way twice.
    needs_mldsa44: bool = True
    #: Whether this node only trains: every message is an exercise. Set by `keepclear train`, never by a file.
    exercise_only: bool = False
    #: Messages of one peer set aside before it is cut off until a person looks.
    quarantined_max: int = 100


DEFAULT = Settings()
