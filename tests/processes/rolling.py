"""Replicas are replaced, killed, rolled back, their keys rotated and their database restarted, while people sign in and applications work.

Through a load balancer (proxy.py), on PostgreSQL: no login fails for a browser that retries once, no session is lost, and every token can be
verified by applications that keep the key set.
"""

import json
import subprocess
from urllib.parse import urlsplit

import previous
from client import DECLARED, Answer, Application, Browser, Http
from fleet import LONG, NO_MIGRATION, Fleet
from postgres import Cluster
from relying_party import RelyingParty
from service import Failed, Home, binary, check
from starts import sql


def replacing_killing_and_rotating_cost_nobody_a_login(_databases):
    """Rolling restart, new keys at once, kill -9."""
    with Cluster() as cluster, Fleet(cluster, binary()) as fleet:
        fleet.work()
        fleet.roll(binary(), "restart")
        fleet.emergency()
        fleet.kill()
        fleet.schema_moves_on()
        check(fleet.serves_newer(binary()), "a replica does not start on a newer schema that only adds: there is no rolling back to this version")
        fleet.judge()


def an_upgrade_and_its_rollback_cost_nobody_a_login(_databases):
    """From the previous version to this one and back, on one database, with everything else that happens on the way. In the long run alone."""
    old = previous.program()
    with Cluster() as cluster, Fleet(cluster, old) as fleet:
        fleet.rotate()
        fleet.roll(binary(), "upgrade")
        fleet.kill()
        fleet.restart_database("fast")
        fleet.restart_database("immediate")
        if fleet.serves_newer(old):
            fleet.roll(old, "rollback", **NO_MIGRATION)
            fleet.restart_database("immediate")
            fleet.roll(binary(), "upgrade again")
        else:
            print("          NOT PROVED: the version before this one does not start on this one's schema, so there is no rolling back to it", flush=True)
        fleet.planned()
        fleet.emergency()
        fleet.judge()


# The same on either database, or about a database that has no schema yet.
NOT_OF_THE_SCHEMA = ["routes::", "timing::", "architecture::", "migrations_survive_a_fault_at_every_table"]


def the_suite_of_the_version_before_passes_on_the_schema_of_this_one(_databases):
    """That version's own tests, every one of which gets a database that this version has migrated. In the long run alone."""
    old = previous.program()
    with Cluster("-c fsync=off") as cluster, Home(cluster.url) as home:
        # From which PostgreSQL makes every database.
        blank = urlsplit(cluster.url)._replace(path="/template1").geturl()
        migrate = lambda program, *words: subprocess.run(  # noqa: E731
            [program, "migrate", *words], env={**home.environment(home.port), "VESTIBULE_DATABASE__URL": blank}, capture_output=True, text=True, timeout=120
        )
        done = migrate(binary(), "up")
        check(done.returncode == 0, "migrate up:", done.stderr)
        sql(blank, "COMMENT ON TABLE settings IS 'of this version'")
        seen = json.loads(migrate(old, "status", "--json").stdout)
        told = previous.suite(cluster.url, NOT_OF_THE_SCHEMA)
        print(f"          {told} on a schema with {len(seen['unknown'])} migrations that it does not know", flush=True)
        (used,) = sql(cluster.url, "SELECT datname FROM pg_database WHERE datname LIKE 'vestibule_template_%'").splitlines()
        said = sql(urlsplit(cluster.url)._replace(path=f"/{used}").geturl(), "SELECT obj_description('settings'::regclass)")
        check(said == "of this version", "its databases were not made from what this version has migrated:", said)


def the_relying_parties_of_these_tests_refuse_what_they_must(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.start()
        app = Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(Browser())).json()
        strangers = {"keys": [{**key, "kid": "other"} for key in app.http.get("/jwks").json()["keys"]]}
        for token, audience in [(tokens["id_token"], "app"), (tokens["access_token"], home.issuer)]:
            party = RelyingParty(home.issuer, lambda: app.http.get("/jwks"))
            party.verify(token, audience)
            head, body, signature = token.split(".")
            another = ("A" if signature[20] != "A" else "B").join([signature[:20], signature[21:]])
            deaf = RelyingParty(home.issuer, lambda: Answer("/jwks", 200, {"Cache-Control": "max-age=60"}, json.dumps(strangers).encode()))
            for who, what, whom in [(party, f"{head}.{body}.{another}", audience), (party, token, "somebody else"), (deaf, token, audience)]:
                try:
                    who.verify(what, whom)
                except Failed as refused:
                    check("unverifiable" in str(refused), refused)
                else:
                    raise Failed("taken, and should be refused: " + what)


TESTS = [
    the_relying_parties_of_these_tests_refuse_what_they_must,
    replacing_killing_and_rotating_cost_nobody_a_login,
    *([the_suite_of_the_version_before_passes_on_the_schema_of_this_one, an_upgrade_and_its_rollback_cost_nobody_a_login] if LONG else []),
]
