"""Who lives in the town: twelve wearers, their families, a guard and his control room, a clerk and an operator. Pure
data.

The names are made up of the commonest ones. Wearers who stay in come first, one of each format: their devices say
little, so that a script may speak in their place.
"""

from enum import StrEnum

from msgspec import Struct


class Part(StrEnum):
    """What a wearer does in a round of the demo."""

    STAYS_IN = "stays in"
    WANDERS = "leaves and does not come back by herself"
    PRESSES_SOS = "presses SOS indoors"
    GOES_TO_SCHOOL = "goes to school"
    MISSES_SCHOOL = "leaves for school and does not arrive"
    GOES_OUT = "goes out and comes back"


class Device(StrEnum):
    """What a wearer carries: a kind of device, by the app or the family of watches."""

    WATCH = "SeTracker watch"
    OWNTRACKS = "OwnTracks"
    TRACCAR_CLIENT = "Traccar Client"
    OSMAND = "OsmAnd"

    @property
    def speaks(self) -> str:
        """The format in which it is enrolled at the edge."""
        return {Device.WATCH: "watch", Device.OWNTRACKS: "owntracks"}.get(self, "osmand")


class Relative(Struct, frozen=True):
    """Somebody with an account who is told."""

    key: str
    name: str

    @property
    def email(self) -> str:
        """What they sign in with."""
        return f"{self.key}@demo.example"

    @property
    def push_token(self) -> str:
        """What their phone is registered under at Google's stand-in."""
        return f"phone-of-{self.key}"


class Kin(Struct, frozen=True):
    """A contact: who, and what they are to the wearer."""

    relative: str
    relation: str


class Person(Struct, frozen=True, kw_only=True):
    """A wearer. `household` is the family name that the household goes by, and its members are those contacts who
    bear it.

    `offline`: for some minutes of an outing the device has no network. `battery_pct`: charge at the start.
    """

    key: str
    name: str
    born: int
    household: str
    device: Device
    part: Part
    contacts: tuple[Kin, ...]
    note: str = ""
    offline: bool = False
    battery_pct: float = 80.0


FAMILY = Relative("family", "佐藤 恵子")
"""The family account that a script signs in with."""

RELATIVES: tuple[Relative, ...] = (
    FAMILY,
    Relative("kenichi.sato", "佐藤 健一"),
    Relative("hiroshi.suzuki", "鈴木 浩"),
    Relative("makoto.ito", "伊藤 誠"),
    Relative("mai.takahashi", "高橋 舞"),
    Relative("yuko.tanaka", "田中 裕子"),
    Relative("jun.watanabe", "渡辺 淳"),
    Relative("naoko.yamamoto", "山本 直子"),
    Relative("takumi.nakamura", "中村 拓海"),
    Relative("aya.kobayashi", "小林 彩"),
)

STAFF: dict[str, Relative] = {
    "guard": Relative("guard", "警備 太郎"),
    "control_room": Relative("control", "管制 学"),
    "clerk": Relative("clerk", "市役所 花子"),
    "operator": Relative("operator", "受付 みどり"),
}
"""Who works for the town or for its security company, by role."""

PEOPLE: tuple[Person, ...] = (
    Person(
        key="yoshi", name="鈴木 ヨシ", born=1940, household="鈴木", device=Device.WATCH, part=Part.STAYS_IN,
        contacts=(Kin("hiroshi.suzuki", "長男"), Kin("family", "姪")), battery_pct=91,
    ),
    Person(
        key="tadashi", name="佐藤 正", born=1942, household="佐藤", device=Device.OWNTRACKS, part=Part.STAYS_IN,
        contacts=(Kin("family", "長女"), Kin("kenichi.sato", "長男")), battery_pct=100,
    ),
    Person(
        key="hina", name="佐藤 陽菜", born=2016, household="佐藤", device=Device.TRACCAR_CLIENT, part=Part.STAYS_IN,
        contacts=(Kin("family", "母"),), battery_pct=76,
    ),
    Person(
        key="haru", name="佐藤 ハル", born=1944, household="佐藤", device=Device.WATCH, part=Part.WANDERS,
        contacts=(Kin("family", "長女"), Kin("kenichi.sato", "長男")), note="以前の家へ帰ろうとすることがある",
        battery_pct=68,
    ),
    Person(
        key="tome", name="伊藤 トメ", born=1938, household="伊藤", device=Device.WATCH, part=Part.PRESSES_SOS,
        contacts=(Kin("makoto.ito", "長男"), Kin("family", "隣人")), note="一人暮らし。足が悪い", battery_pct=84,
    ),
    Person(
        key="ren", name="高橋 蓮", born=2018, household="高橋", device=Device.WATCH, part=Part.GOES_TO_SCHOOL,
        contacts=(Kin("mai.takahashi", "母"),), battery_pct=88,
    ),
    Person(
        key="masaru", name="田中 勝", born=1947, household="田中", device=Device.WATCH, part=Part.GOES_OUT,
        contacts=(Kin("yuko.tanaka", "長女"),), battery_pct=59,
    ),
    Person(
        key="kazuko", name="渡辺 和子", born=1949, household="渡辺", device=Device.OWNTRACKS, part=Part.GOES_OUT,
        contacts=(Kin("jun.watanabe", "次男"),), battery_pct=72,
    ),
    Person(
        key="kiyo", name="山本 キヨ", born=1945, household="山本", device=Device.WATCH, part=Part.GOES_OUT,
        contacts=(Kin("naoko.yamamoto", "長女"),), offline=True, battery_pct=80,
    ),
    Person(
        key="kiyoshi", name="中村 清", born=1943, household="中村", device=Device.WATCH, part=Part.GOES_OUT,
        contacts=(Kin("takumi.nakamura", "長男"),), battery_pct=45,
    ),
    Person(
        key="sakura", name="小林 さくら", born=2017, household="小林", device=Device.WATCH, part=Part.GOES_OUT,
        contacts=(Kin("aya.kobayashi", "母"),), battery_pct=95,
    ),
    Person(
        key="shigeru", name="山本 茂", born=1946, household="山本", device=Device.OSMAND, part=Part.GOES_OUT,
        contacts=(Kin("naoko.yamamoto", "長女"),), battery_pct=20.6,
    ),
)  # fmt: skip


def members_of(household: str) -> list[Relative]:
    """The relatives who belong to a household: those of its name."""
    return [relative for relative in RELATIVES if relative.name.split()[0] == household]
