"""Whether somebody is lost: one judgement out of what each rule of movement has to say.

`moving` keeps how she moves just now, `habits` what she is used to; each rule is one pure file that measures one thing
in its own units; `rules.RULES` is their table, `judgement` adds them up.
"""
