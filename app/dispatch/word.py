"""The word of the day, by which a family knows the guard at its door: he says it, and it stands on the family's phone.

Two plain words, the same for a unit all day and as good as random to everybody who has not the secret of the service:
16,256 pairs, of which one opens the door. Pure.
"""

import hashlib
import hmac
from datetime import date

from app.kit.ids import UnitId

_WORDS = """
さくら うめ もも きく ばら ゆり すみれ たんぽぽ ひまわり あさがお つばき まつ たけ いちょう もみじ
どんぐり りんご みかん ぶどう いちご すいか めろん ばなな かき なし くり れもん びわ だいこん にんじん
とまと きゅうり なす かぼちゃ たまねぎ じゃがいも ほうれんそう しいたけ とうふ なっとう みそ しょうゆ
ごはん おにぎり うどん そば らあめん てんぷら すし たまご せんべい だんご まんじゅう ようかん おちゃ
みるく はちみつ いぬ ねこ うさぎ りす くま きつね たぬき さる うま うし ひつじ やぎ ぶた ぞう きりん
らいおん とら ぱんだ かめ かえる めだか きんぎょ まぐろ さけ いわし くじら いるか すずめ つばめ はと
からす つる ふくろう にわとり ちょう とんぼ ほたる せみ やま かわ うみ そら くも ゆき あめ かぜ にじ
つき ほし たいよう あさひ ゆうやけ いけ みずうみ たき もり はたけ えき ばす でんしゃ ふね ひこうき
じてんしゃ とけい めがね ぼうし かばん かさ てぶくろ えんぴつ ほん
"""
WORDS = tuple(_WORDS.split())
"""Known to everybody, and to be said at a door without being heard wrong."""


def word_of_day(secret: bytes, unit_id: UnitId, day: date) -> str:
    """The word of a unit on a day of its city.

    >>> from uuid import UUID
    >>> word_of_day(b"a secret", UnitId(UUID(int=1)), date(2026, 4, 1))
    'かわ・さくら'
    """
    name = b"word of the day|" + unit_id.bytes + b"|" + day.isoformat().encode()
    digest = hmac.new(secret, name, hashlib.sha256).digest()
    first = digest[0] % len(WORDS)
    second = (first + 1 + digest[1] % (len(WORDS) - 1)) % len(WORDS)
    return f"{WORDS[first]}・{WORDS[second]}"
