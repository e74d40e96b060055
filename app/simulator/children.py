"""The children who go to school with a tag on the satchel and no tracker, and where they are expected. Pure data.

They belong to the households of `people`; their contacts are relatives who are there already.
"""

from msgspec import Struct

from app.simulator.people import Kin, Part


class Child(Struct, frozen=True, kw_only=True):
    """A child who wears a tag. `expected_at`: the places (`detectors.PLACES`) at any of which the family expects it,
    `waits_s`: how much longer than the others it waits before it worries.
    """

    key: str
    name: str
    born: int
    household: str
    kin: Kin
    part: Part = Part.GOES_TO_SCHOOL
    expected_as: str = "小学校"
    expected_at: tuple[str, ...] = ("gate", "east-gate")
    waits_s: float = 0.0


CHILDREN: tuple[Child, ...] = (
    Child(key="aoi", name="佐藤 葵", born=2017, household="佐藤", kin=Kin("family", "母")),
    Child(
        key="hiroto", name="佐藤 大翔", born=2015, household="佐藤", kin=Kin("family", "母"), part=Part.MISSES_SCHOOL
    ),
    Child(
        key="minato", name="佐藤 湊", born=2018, household="佐藤", kin=Kin("family", "母"),
        expected_as="児童館", expected_at=("children-house",), waits_s=20 * 60.0,
    ),
    Child(key="itsuki", name="鈴木 樹", born=2016, household="鈴木", kin=Kin("hiroshi.suzuki", "父")),
    Child(key="mei", name="鈴木 芽依", born=2018, household="鈴木", kin=Kin("hiroshi.suzuki", "父")),
    Child(key="haruto", name="伊藤 陽翔", born=2014, household="伊藤", kin=Kin("makoto.ito", "父")),
    Child(key="tsumugi", name="伊藤 紬", born=2017, household="伊藤", kin=Kin("makoto.ito", "父")),
    Child(key="riku", name="高橋 陸", born=2015, household="高橋", kin=Kin("mai.takahashi", "母")),
    Child(key="akari", name="高橋 明莉", born=2017, household="高橋", kin=Kin("mai.takahashi", "母")),
    Child(key="yuto", name="田中 悠斗", born=2016, household="田中", kin=Kin("yuko.tanaka", "母")),
    Child(key="ichika", name="田中 一花", born=2018, household="田中", kin=Kin("yuko.tanaka", "母")),
    Child(key="sota", name="渡辺 蒼太", born=2014, household="渡辺", kin=Kin("jun.watanabe", "父")),
    Child(key="hinata", name="渡辺 日向", born=2016, household="渡辺", kin=Kin("jun.watanabe", "父")),
    Child(key="yuma", name="山本 悠真", born=2015, household="山本", kin=Kin("naoko.yamamoto", "祖母")),
    Child(key="sara", name="山本 咲良", born=2017, household="山本", kin=Kin("naoko.yamamoto", "祖母")),
    Child(key="kaito", name="中村 海斗", born=2016, household="中村", kin=Kin("takumi.nakamura", "父")),
    Child(key="rin", name="中村 凛", born=2018, household="中村", kin=Kin("takumi.nakamura", "父")),
    Child(key="yui", name="小林 結衣", born=2015, household="小林", kin=Kin("aya.kobayashi", "母")),
)  # fmt: skip
