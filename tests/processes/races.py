"""Several processes on one PostgreSQL: one winner, and the right revocation."""

import base64
import json
import threading

from client import DECLARED, Application, Browser, Http, error_of, together
from service import SECRET, Home, check, command, free_port, until

AT_ONCE = 16


class Replicas:
    """Two processes on one database, an application that asks either, a browser that is signed in."""

    def __init__(self, databases, **settings):
        self.home = Home(databases.new(), settings)

    def __enter__(self):
        self.home.apply(DECLARED)
        other = free_port()
        processes = [self.home.start(wait=False), self.home.start(port=other, wait=False)]
        for process in processes:
            process.wait_until_ready()
        self.browser = Browser()
        first = Application(self.home.issuer, Http(self.home.port))
        self.both = [first, first.at(Http(other))]
        return self

    def __exit__(self, *_):
        self.home.__exit__()

    def code(self, **more):
        return self.both[0].code(self.browser, **more)

    def tokens(self):
        answer = self.both[1].redeem(*self.code())
        check(answer.status == 200, "the code of one replica at the other:", answer)
        return answer.json()

    def spread(self, call):
        """Sixteen calls at once, every other one at the other process."""
        return together([lambda at=at: call(self.both[at % 2]) for at in range(AT_ONCE)])


def only_invalid_grant(answers, what):
    for answer in answers:
        check(getattr(answer, "status", None) == 400 and error_of(answer) == "invalid_grant", what, answer)


def one_code_redeemed_sixteen_times_at_once_has_one_winner_and_the_replays_revoke_it(databases):
    """RFC 6749 §4.1.2: a code is used once, and a replay revokes what it was exchanged for."""
    with Replicas(databases) as replicas:
        for _ in range(5):
            code, verifier = replicas.code()
            answers = replicas.spread(lambda app: app.redeem(code, verifier))
            won = [answer for answer in answers if getattr(answer, "status", None) == 200]
            check(len(won) == 1, "winners:", len(won), answers)
            only_invalid_grant([answer for answer in answers if answer is not won[0]], "a loser got")
            tokens = won[0].json()
            for app in replicas.both:
                check(not app.active(tokens["access_token"]), "the access token outlived the replay")
                check(not app.active(tokens["refresh_token"]), "the refresh token outlived the replay")
                only_invalid_grant([app.refresh(tokens["refresh_token"])], "refreshing after the replay:")
                only_invalid_grant([app.redeem(code, verifier)], "the code once more:")


def one_refresh_token_used_sixteen_times_at_once_within_the_grace_makes_one_step(databases):
    """RFC 9700 §4.14.2 with the retry-safe grace: all answers carry the same generation, and the grant lives."""
    with Replicas(databases, VESTIBULE_TOKENS__REFRESH_TOKEN_GRACE="30s") as replicas:
        for _ in range(5):
            first = replicas.tokens()["refresh_token"]
            answers = replicas.spread(lambda app: app.refresh(first))
            issued = [answer.json() for answer in answers if getattr(answer, "status", None) == 200]
            check(issued, "nobody got a successor:", answers)
            only_invalid_grant([answer for answer in answers if getattr(answer, "status", None) != 200], "a loser got")
            for at, tokens in enumerate(issued):
                app = replicas.both[at % 2]
                check(app.active(tokens["access_token"]), "an access token of the race is dead")
                check(app.active(tokens["refresh_token"]), "a successor of the race is dead")
            # Had there been two steps, one of the successors would be two generations behind and kill the grant.
            latest = None
            for at, tokens in enumerate(issued):
                answer = replicas.both[at % 2].refresh(tokens["refresh_token"])
                check(answer.status == 200, "a successor does not refresh:", answer)
                latest = answer.json()["refresh_token"]
            check(replicas.both[0].refresh(latest).status == 200, "the grant died of its own successors")
            # And now the first is two generations behind: reuse, whatever the grace.
            only_invalid_grant([replicas.both[1].refresh(first)], "reuse of the first token:")
            check(not replicas.both[0].active(latest), "reuse did not revoke the grant")


def without_grace_sixteen_refreshes_at_once_have_at_most_one_winner_and_kill_the_grant(databases):
    """RFC 9700 §4.14.2: without a grace every second use is reuse."""
    with Replicas(databases, VESTIBULE_TOKENS__REFRESH_TOKEN_GRACE="0s") as replicas:
        for _ in range(5):
            first = replicas.tokens()["refresh_token"]
            answers = replicas.spread(lambda app: app.refresh(first))
            won = [answer for answer in answers if getattr(answer, "status", None) == 200]
            check(len(won) <= 1, "winners:", len(won), answers)
            only_invalid_grant([answer for answer in answers if answer not in won], "a loser got")
            for app in replicas.both:
                only_invalid_grant([app.refresh(first)], "the first token afterwards:")
                for answer in won:
                    tokens = answer.json()
                    check(not app.active(tokens["access_token"]), "the winner's access token outlived the reuse")
                    only_invalid_grant([app.refresh(tokens["refresh_token"])], "the winner's token afterwards:")


def five_processes_started_at_once_on_nothing_agree(databases):
    """Migrations and the first keys are made once, whoever comes first."""
    with Home(databases.new()) as home:
        ports = [home.port, *(free_port() for _ in range(4))]
        processes = [home.start(port=port, wait=False) for port in ports]
        for process in processes:
            process.wait_until_ready()
        documents = [Http(port).get("/jwks") for port in ports]
        kids = [sorted(key["kid"] for key in document.json()["keys"]) for document in documents]
        check(kids[0] and all(these == kids[0] for these in kids), "the processes publish different keys:", kids)
        home.apply(DECLARED)
        browser, app = Browser(), Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(browser)).json()
        for port in ports:
            check(app.at(Http(port)).active(tokens["access_token"]), "the process on", port, "does not know its sibling's token")


def what_one_process_ends_is_over_at_the_other_at_once(databases):
    """Revocation and logout are facts in the database, not in a process."""
    with Replicas(databases) as replicas:
        here, there = replicas.both
        for app, other in [(here, there), (there, here)]:
            tokens = replicas.tokens()
            check(other.active(tokens["access_token"]), "not active at the other process")
            app.http.post("/revoke", {"token": tokens["refresh_token"]}, app.authorization)
            check(not other.active(tokens["access_token"]), "revoked here, active there")
            only_invalid_grant([other.refresh(tokens["refresh_token"])], "revoked here, refreshed there:")
        tokens = replicas.tokens()
        account = replicas.browser.open(f"{replicas.home.issuer}/account")
        replicas.browser.submit(account)
        check(not there.active(tokens["access_token"]), "logged out here, active there")
        only_invalid_grant([there.refresh(tokens["refresh_token"])], "logged out here, refreshed there:")


def a_token_signed_with_new_keys_is_known_to_every_process(databases):
    """`keys rotate --immediately` while two processes serve: what one of them signs, the other accepts and publishes the key of."""
    with Replicas(databases) as replicas:
        here, there = replicas.both
        problems = []

        def signed(app, other):
            """With which key the one signs what the other has to know."""
            tokens = app.redeem(*replicas.code()).json()
            kid = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[0] + "=="))["kid"]
            # A relying party asks any replica, and perhaps at once.
            if kid not in {key["kid"] for key in other.http.get("/jwks").json()["keys"]}:
                problems.append("a process does not publish the key that the other signs with")
            if not other.active(tokens["access_token"]):
                problems.append("a process does not know the token that the other signed")
            return kid

        before = signed(here, there)
        command(replicas.home, "keys", "rotate", "--immediately")
        until("the new keys sign", lambda: before not in {signed(here, there), signed(there, here)})
        check(not problems, len(problems), "times, such as:", *sorted(set(problems)))


def the_command_line_works_beside_a_busy_server_on_sqlite(_databases):
    """Operators add clients while people sign in: two processes, one SQLite file."""
    with Home() as home:
        home.apply(DECLARED)
        home.start()
        app, wrong, stop = Application(home.issuer, Http(home.port)), [], threading.Event()

        def refresh():
            tokens = app.redeem(*app.code(Browser())).json()
            while not stop.is_set():
                answer = app.refresh(tokens["refresh_token"])
                if answer.status != 200:
                    wrong.append(answer)
                    return
                tokens = answer.json()

        threads = [threading.Thread(target=refresh, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(5):
                name = f"added-{number}"
                home.apply(f'{DECLARED}\n[[clients]]\nclient_id = "{name}"\nclient_secret = "{SECRET}"\ngrant_types = ["client_credentials"]\n')
                answer = Application(home.issuer, Http(home.port), name).token(grant_type="client_credentials")
                check(answer.status == 200, "a client just added:", answer)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        check(not wrong, "refreshing beside the command line:", wrong)


TESTS = [
    a_token_signed_with_new_keys_is_known_to_every_process,
    the_command_line_works_beside_a_busy_server_on_sqlite,
    what_one_process_ends_is_over_at_the_other_at_once,
    one_code_redeemed_sixteen_times_at_once_has_one_winner_and_the_replays_revoke_it,
    one_refresh_token_used_sixteen_times_at_once_within_the_grace_makes_one_step,
    without_grace_sixteen_refreshes_at_once_have_at_most_one_winner_and_kill_the_grant,
    five_processes_started_at_once_on_nothing_agree,
]
