"""What applications do to the service while it is killed: codes, refresh tokens, revocations."""

from acts import Act, Entry, refused
from service import check


class Grants(Act):
    """Redeems a code, refreshes a few times, and again."""

    kind = "grants"

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self.browser = world.seat()

    def one(self):
        app = self.world.app
        code, verifier = app.code(self.browser, prompt="none")
        # The refresh tokens that were acknowledged, oldest first. Empty: the code's answer never came.
        entry = Entry(code=code, verifier=verifier, sent=False, refresh_tokens=[], access_token=None, state="")
        self.entries.append(entry)
        self.world.send("grant.created")
        entry.sent = True
        self.keep(entry, app.redeem(code, verifier), "grant.created")
        for _ in range(self.random.randrange(6)):
            entry.state = "refreshing"
            answer = app.refresh(entry.refresh_tokens[-1])
            entry.state = ""
            self.keep(entry, answer)

    def keep(self, entry, answer, event=None):
        check(answer.status == 200, "the token endpoint under load:", answer)
        entry.refresh_tokens.append(answer.json()["refresh_token"])
        entry.access_token = answer.json()["access_token"]
        self.acknowledge(event)

    def cut(self, entry):
        return entry.state == "refreshing" or (entry.sent and not entry.refresh_tokens)

    def hold(self, entry):
        app = self.world.app
        if not entry.refresh_tokens:
            self.never_answered(entry)
            return
        check(app.active(entry.access_token), "an acknowledged grant is gone")
        what = "the refresh token before a cut answer:" if entry.state else "the newest acknowledged refresh token:"
        answer = app.refresh(entry.refresh_tokens[-1])
        check(answer.status == 200, what, answer)
        again = app.refresh(answer.json()["refresh_token"])
        check(again.status == 200, "its successor:", again)
        if len(entry.refresh_tokens) % 2:
            refused(app.redeem(entry.code, entry.verifier), "an acknowledged code once more:")
            check(not app.active(again.json()["access_token"]), "the replayed code did not revoke its grant")
        else:
            # Two and more generations behind by now: the rotations themselves were not lost.
            refused(app.refresh(entry.refresh_tokens[0]), "an old refresh token:")
            check(not app.active(again.json()["access_token"]), "the reused refresh token did not revoke its grant")
            refused(app.redeem(entry.code, entry.verifier), "an acknowledged code once more:")

    def never_answered(self, entry):
        """Sent without an answer, or never sent: it may have been redeemed or not, but it is not redeemed twice."""
        app = self.world.app
        self.world.send("grant.created")
        first = app.redeem(entry.code, entry.verifier)
        if first.status == 200:
            self.world.done("grant.created")
        else:
            check(entry.sent, "a code that was never sent is refused:", first)
            refused(first, "an unanswered code:")
        refused(app.redeem(entry.code, entry.verifier), "an unanswered code, the second time:")


class Revocations(Act):
    """Revokes grants, by one of their tokens. A few are always there that wait for it."""

    kind = "revocations"
    WAITING = 4

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self.browser, self.waiting = world.seat(), []

    def one(self):
        app = self.world.app
        if len(self.waiting) < self.WAITING:
            self.world.send("grant.created")
            answer = app.redeem(*app.code(self.browser, prompt="none"))
            check(answer.status == 200, "the token endpoint under load:", answer)
            self.world.done("grant.created")
            self.waiting.append(Entry(tokens=answer.json(), state="waiting"))
            self.entries.append(self.waiting[-1])
            return
        entry = self.waiting.pop(0)
        entry.state = "revoking"
        self.world.send("token.revoked")
        answer = app.http.post("/revoke", {"token": entry.tokens[self.random.choice(["access_token", "refresh_token"])]}, app.authorization)
        check(answer.status == 200, "revoking:", answer)
        entry.state = "revoked"
        self.acknowledge("token.revoked")

    def cut(self, entry):
        return entry.state == "revoking"

    def hold(self, entry):
        app = self.world.app
        active = app.active(entry.tokens["access_token"])
        check(active == app.active(entry.tokens["refresh_token"]), "one token of a grant is alive and the other is not")
        check(active or entry.state != "waiting", "a grant that nobody revoked is gone")
        check(not active or entry.state != "revoked", "a revoked grant lives again")
        if not active:
            refused(app.refresh(entry.tokens["refresh_token"]), "the refresh token of a revoked grant:")
