"""How well somebody lost is noticed, and how often nobody was: synthetic persons who live on streets, episodes in which
one of them goes astray, the published methods as baselines, and the table. By hand: `python -m bench.detection`.

Nobody here is real. Persons, days, noise and episodes follow from one seed, the same in every process.
"""
