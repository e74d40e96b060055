"""The register of a town's 1,475 cameras comes as a messy file from a spreadsheet in Japan, and its detectors work."""

from time import perf_counter

from tests.contract.tags.test_files import BAD, messy
from tests.e2e.school import School, heard, passages, taken, until_known
from tests.e2e.stage import Receiver, Stage


async def test_the_good_rows_are_detectors_that_speak_and_the_twelve_bad_ones_are_named(
    morning: Stage, school: School
) -> None:
    began_s = perf_counter()
    answer = await school.clerk.post(
        "/v1/detectors/import", params={"partial": "true"}, content=messy(), headers={"Content-Type": "text/csv"}
    )
    took_s = perf_counter() - began_s

    told = taken(answer)
    assert (1475, 1463, 12) == (told["rows"], told["imported"], len(told["errors"]))
    assert [number + 2 for number in BAD] == [one["line"] for one in told["errors"]]
    assert took_s < 10

    sheet = taken(await school.clerk.get(f"/v1/detectors/{told['detectors'][3]}/provisioning"))
    pole = Receiver(id=sheet["detector_id"], external_id=sheet["external_id"], key=sheet["key"])
    assert "K-0003" == pole.external_id
    await until_known(morning, pole)
    taken(await morning.gateway(pole, [heard()]))

    assert 1 == len(await passages(school, pole))
    await morning.until(lambda: len(morning.pushes(morning.town.daughter)) == 1)
    assert "タロウさんが加古川町 第3号を通過しました（07:30）" == morning.pushes(morning.town.daughter)[0][0]
