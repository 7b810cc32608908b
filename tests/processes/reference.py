"""What must be true of sessions, grants and tokens: a model to hold the service against.

Times are seconds of the service's clock. A question is answered True, False, or None: too near a limit to say, or left to the service
(a session's use is noted in steps of a tenth of its idle time). Where the model does not know, the service's answer is taken down, and from
then on the service is held to it.

The clock also goes back. What was ended stays ended; what has only reached its end by a clock that was ahead may live on until that end comes
again, or be gone, for rows may have been cleared away: such a thing is in `doubt`, and True becomes None (docs/decisions/0022).
"""

from dataclasses import dataclass, field

HOUR = 3600
IDLE, ABSOLUTE = HOUR, 12 * HOUR
NOTED = IDLE / 10
CODE_TTL, ACCESS_TTL = 60, 300
REFRESH_IDLE, REFRESH_ABSOLUTE = 14 * 24 * HOUR, 90 * 24 * HOUR
# How far the model's clock and that of a busy process may be apart while a request is on its way.
SLACK = 20
# What is dated further ahead than this was written by a clock that was wrong (clock.rs).
SKEW = 60


def before(now, limit):
    """Whether it is before the limit, if that is sure."""
    if now + SLACK < limit:
        return True
    return False if now - SLACK >= limit else None


def all_of(*answers):
    """False as soon as one is; True when all are."""
    if any(answer is False for answer in answers):
        return False
    return True if all(answer is True for answer in answers) else None


def counts(now, written):
    """Whether what was written then is not dated further ahead than clocks differ."""
    ahead = before(now + SKEW, written)
    return None if ahead is None else not ahead


@dataclass
class Client:
    name: str
    enabled: bool = True


@dataclass
class Organization:
    name: str
    enabled: bool = True


@dataclass
class Person:
    email: str
    password: str
    organizations: list = field(default_factory=list)
    enabled: bool = True
    suspended: bool = False
    epoch: int = 0
    # How often they were not let in with the right password, since the last time they were.
    refused: int = 0

    def active(self):
        return self.enabled and not self.suspended

    def settle(self):
        """After an organisation of theirs was disabled or enabled. Whose account is open loses what it holds, and does not get it back."""
        was, self.suspended = self.suspended, bool(self.organizations) and not any(each.enabled for each in self.organizations)
        if self.suspended and not was and self.enabled:
            self.epoch += 1


@dataclass
class Mortal:
    """What time ends, and an act. `died`: when the service said that it was dead, where that could not be known."""

    died: float | None = field(default=None, kw_only=True)
    doubt: bool = field(default=False, kw_only=True)

    def within_time(self, now):
        raise NotImplementedError

    def rewinds(self, now):
        """The clock is about to go back from `now`."""
        self.doubt = self.doubt or self.within_time(now) is not True

    def doubted(self, now, answer):
        if answer is False or self.died is not None and now >= self.died:
            return False
        return None if self.doubt or self.died is not None else answer


@dataclass
class Session(Mortal):
    person: Person
    began: float
    epoch: int
    ended: bool = False
    # Between these it was noted as used last.
    seen_from: float = 0
    seen_to: float = 0

    @classmethod
    def begin(cls, person, now):
        return cls(person, now, person.epoch, seen_from=now, seen_to=now)

    def within_time(self, now):
        surely_idle = before(now, self.seen_to + IDLE) is False
        surely_not = before(now, self.seen_from + IDLE) is True
        return all_of(before(now, self.began + ABSOLUTE), False if surely_idle else True if surely_not else None)

    def lives(self, now):
        if self.ended or not self.person.active() or self.epoch != self.person.epoch:
            return False
        return self.doubted(now, self.within_time(now))

    def used(self, now):
        self.died, self.doubt = None, False
        if before(now, self.seen_to + NOTED) is False:
            self.seen_from = self.seen_to = now
        elif before(now, self.seen_from + NOTED) is not True:
            self.seen_to = now


@dataclass
class Grant(Mortal):
    client: Client
    session: Session
    person: Person
    offline: bool
    epoch: int
    born: float
    revoked: bool = False
    generation: int = 0
    rotated: float = 0
    # (token, generation), and (token, end).
    refresh_tokens: list = field(default_factory=list)
    access_tokens: list = field(default_factory=list)

    def within_time(self, now):
        return before(now, self.born + REFRESH_ABSOLUTE if self.offline else self.session_end)

    def lives(self, now):
        if self.revoked or not self.person.active() or self.epoch != self.person.epoch:
            return False
        lives = self.within_time(now)
        return self.doubted(now, lives if self.offline else all_of(self.session.lives(now), lives))

    # Of a grant without `offline_access`: the session's end as it was when the code was redeemed.
    session_end: float = 0

    def refreshes(self, now, generation, grace):
        """What becomes of a refresh token: "next" (a step), "same" (the lost answer again), "dead" (nothing changes), "reuse" (the grant
        ends), or None."""
        if self.revoked:
            return "dead"
        if generation != self.generation:
            lately = all_of(before(now, self.rotated + grace), counts(now, self.rotated))
            within = lately if generation + 1 == self.generation and grace else False
            if within is False:
                return "reuse"
            lives = self.lives_for_refresh(now)
            return None if within is None or lives is None else "same" if lives else "dead"
        lives = self.lives_for_refresh(now)
        return None if lives is None else "next" if lives else "dead"

    def lives_for_refresh(self, now):
        return all_of(self.lives(now), before(now, max(self.rotated, self.born) + REFRESH_IDLE))

    def stepped(self, now):
        self.generation += 1
        self.rotated = now

    def dated(self, token, now):
        """Whether an access token of it, with its end, is neither expired nor dated too far ahead."""
        return all_of(before(now, token[1]), counts(now, token[1] - ACCESS_TTL))

    def keep(self, answer, now):
        self.access_tokens.append((answer["access_token"], now + ACCESS_TTL))
        self.refresh_tokens.append((answer["refresh_token"], self.generation))


@dataclass
class Code:
    client: Client
    code: str
    verifier: str
    session: Session
    person: Person
    offline: bool
    epoch: int
    issued: float
    # None: never redeemed. False: burnt.
    grant: object = None
    # Tried so near its end that it may have been burnt, or was not looked at further.
    doubt: bool = False

    def is_fresh(self, now):
        return before(now, self.issued + CODE_TTL)

    def redeems(self, now):
        if self.grant is not None:
            return False
        person = self.person.active() and self.epoch == self.person.epoch
        return all_of(self.is_fresh(now), person, self.session.lives(now), None if self.doubt else True)
