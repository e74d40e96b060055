"""The people of these tests: accounts without passwords, since nobody signs in here."""

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account, city
from app.households import service
from app.households.model import Household, Wearer
from app.kit.ids import AccountId, CityId, HouseholdId, SignInId, new_id
from tests.build import NOW

KAKOGAWA, CHIYODA = CityId(282103), CityId(131016)


def add_city(connection: Connection, city_id: CityId) -> None:
    row = {"id": city_id, "name": f"city {city_id}", "zone": "Asia/Tokyo", "created_at": NOW}
    connection.execute(insert(city).values(row))


def add_viewer(connection: Connection, name: str, role: Role = Role.FAMILY, city_id: CityId = KAKOGAWA) -> Viewer:
    """An account, as the person behind a request."""
    viewer = Viewer(
        account_id=AccountId(new_id()), city_id=city_id, role=role, name=name, sign_in_id=SignInId(new_id())
    )
    row = {
        "id": viewer.account_id,
        "city_id": city_id,
        "email": f"{viewer.account_id}@example.jp",
        "name": name,
        "role": role.value,
        "language": "ja",
        "password_hash": "",
        "created_at": NOW,
    }
    connection.execute(insert(account).values(row))
    return viewer


class Cast:
    """Hana lives in Kakogawa; her daughter and her son are her household. The others know her from farther away.

    Aiko is a neighbour with an account, Chika nobody to her at all; a second city has a clerk, a family and an
    administrator.
    """

    def __init__(self, connection: Connection) -> None:
        for city_id in (KAKOGAWA, CHIYODA):
            add_city(connection, city_id)
        self.daughter = add_viewer(connection, "daughter")
        self.son = add_viewer(connection, "son")
        self.aiko = add_viewer(connection, "Aiko")
        self.chika = add_viewer(connection, "Chika")
        self.clerk = add_viewer(connection, "clerk", Role.CLERK)
        self.colleague = add_viewer(connection, "colleague", Role.CLERK)
        self.operator = add_viewer(connection, "operator", Role.OPERATOR)
        self.guard = add_viewer(connection, "guard", Role.GUARD)
        self.administrator = add_viewer(connection, "administrator", Role.ADMINISTRATOR)
        self.clerk_abroad = add_viewer(connection, "clerk abroad", Role.CLERK, CHIYODA)
        self.family_abroad = add_viewer(connection, "family abroad", Role.FAMILY, CHIYODA)
        self.administrator_abroad = add_viewer(connection, "administrator abroad", Role.ADMINISTRATOR, CHIYODA)
        members = [self.daughter.account_id, self.son.account_id]
        self.household: Household = service.create_household(connection, KAKOGAWA, "Tanaka", members, NOW)
        self.hana: Wearer = self.wearer(connection, "Hana")

    def wearer(self, connection: Connection, name: str, household_id: HouseholdId | None = None) -> Wearer:
        """Another wearer, of Hana's household unless told otherwise."""
        return service.create_wearer(connection, household_id or self.household.id, name, now=NOW)

    def hide_hana_from(self, connection: Connection, viewer: Viewer) -> None:
        """A protection against this viewer."""
        service.protect(
            connection,
            self.hana.id,
            viewer.name,
            account_id=viewer.account_id,
            by=self.clerk.account_id,
            now=NOW,
        )
