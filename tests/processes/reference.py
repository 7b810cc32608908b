"""What must be true of sessions, grants and tokens: a model to hold the service against.

Times are seconds of the service's clock. A question is answered True, False, or None: too near a limit to say, or left to the service
(a session's use is noted in steps of a tenth of its idle time). Where the model does not know, the service's answer is taken down, and from
then on the service is held to it.
"""

from dataclasses import dataclass, field

HOUR = 3600
IDLE, ABSOLUTE = HOUR, 12 * HOUR
NOTED = IDLE / 10
CODE_TTL, ACCESS_TTL = 60, 300
REFRESH_IDLE, REFRESH_ABSOLUTE = 14 * 24 * HOUR, 90 * 24 * HOUR
# How far the model's clock and that of a busy process may be apart while a request is on its way.
SLACK = 20


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


@dataclass
class Person:
    email: str
    password: str
    enabled: bool = True
    epoch: int = 0


@dataclass
class Session:
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

    def renew(self, now):
        """The same person signs in again in the same browser."""
        self.began = self.seen_from = self.seen_to = now
        self.epoch = self.person.epoch

    def lives(self, now):
        if self.ended or not self.person.enabled or self.epoch != self.person.epoch:
            return False
        surely_idle = before(now, self.seen_to + IDLE) is False
        surely_not = before(now, self.seen_from + IDLE) is True
        return all_of(before(now, self.began + ABSOLUTE), False if surely_idle else True if surely_not else None)

    def used(self, now):
        if before(now, self.seen_to + NOTED) is False:
            self.seen_from = self.seen_to = now
        elif before(now, self.seen_from + NOTED) is not True:
            self.seen_to = now


@dataclass
class Grant:
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

    def lives(self, now):
        if self.revoked or not self.person.enabled or self.epoch != self.person.epoch:
            return False
        if self.offline:
            return before(now, self.born + REFRESH_ABSOLUTE)
        return all_of(self.session.lives(now), before(now, self.session_end))

    # Of a grant without `offline_access`: the session's end as it was when the code was redeemed.
    session_end: float = 0

    def refreshes(self, now, generation, grace):
        """What becomes of a refresh token: "next" (a step), "same" (the lost answer again), "dead" (nothing changes), "reuse" (the grant
        ends), or None."""
        if self.revoked:
            return "dead"
        if generation != self.generation:
            within = before(now, self.rotated + grace) if generation + 1 == self.generation and grace else False
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

    def keep(self, answer, now):
        self.access_tokens.append((answer["access_token"], now + ACCESS_TTL))
        self.refresh_tokens.append((answer["refresh_token"], self.generation))


@dataclass
class Code:
    code: str
    verifier: str
    session: Session
    person: Person
    offline: bool
    epoch: int
    issued: float
    # None: never redeemed. False: burnt.
    grant: object = None

    def redeems(self, now):
        if self.grant is not None:
            return False
        person = self.person.enabled and self.epoch == self.person.epoch
        return all_of(before(now, self.issued + CODE_TTL), person, self.session.lives(now))
