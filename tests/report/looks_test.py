"""Colours of figures: told apart by every reader and in grey, and the same whatever else is drawn (report/plot/plot_looks.py)."""
import itertools
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "report", "plot"))
import plot_looks  # noqa: E402

# What readers see who lack one kind of cone, in linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)
OKABE_ITO = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"]


def product(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def linear(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def lab(colour, sight="normal"):
    """CIE L*a*b* as seen."""
    seen = [min(1.0, max(0.0, c)) for c in product(SIGHTS[sight], linear(colour))]
    x, y, z = ((v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116)
               for v in (c / w for c, w in zip(product(TO_XYZ, seen), WHITE)))
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def least_difference(palette, sight):
    seen = [lab(colour, sight) for colour in palette]
    return min(sum((a - b) ** 2 for a, b in zip(one, other)) ** 0.5 for one, other in itertools.combinations(seen, 2))


def least_step(palette):
    lightness = sorted(lab(colour)[0] for colour in palette)
    return min(high - low for low, high in zip(lightness, lightness[1:]))


class Palette(unittest.TestCase):
    def test_every_reader_tells_any_two_colours_apart(self):
        for sight in SIGHTS:
            own, other = least_difference(plot_looks.PALETTE, sight), least_difference(OKABE_ITO, sight)
            print(f"{sight}: least difference {own:.1f}; of Okabe and Ito's eight {other:.1f}")
            self.assertGreater(own, 30, sight)
            self.assertGreater(own, other, sight)

    def test_grey_print_tells_any_two_colours_apart(self):
        print(f"grey: least step of lightness {least_step(plot_looks.PALETTE):.1f}; of Okabe and Ito's eight "
              f"{least_step(OKABE_ITO):.1f}; of the first four here {least_step(plot_looks.PALETTE[:4]):.1f}")
        self.assertGreater(least_step(plot_looks.PALETTE), 8.5)
        self.assertGreater(least_step(plot_looks.PALETTE[:4]), 18)
        self.assertLess(max(lab(colour)[0] for colour in plot_looks.PALETTE), 80, "too light for white paper")

    def test_neighbours_differ_most(self):
        lightness = [lab(colour)[0] for colour in plot_looks.PALETTE]
        for one, other in zip(lightness, lightness[1:] + lightness[:1]):
            self.assertGreater(abs(one - other), 18)

    def test_what_is_no_method_is_told_apart_as_well(self):
        for sight in SIGHTS:
            self.assertGreater(least_difference(plot_looks.OTHERS, sight), 22, sight)
            self.assertGreater(least_difference(plot_looks.OTHERS, sight), least_difference(OKABE_ITO, sight), sight)
        self.assertGreater(least_step(plot_looks.OTHERS), 5)
        self.assertGreater(least_step(plot_looks.OTHERS[:4]), 16)
        self.assertGreater(least_step(plot_looks.GREYS), 16)
        self.assertLess(max(lab(colour)[0] for colour in plot_looks.OTHERS + plot_looks.GREYS), 80, "too light for white paper")

    def test_no_other_colour_is_near_a_methods(self):
        nearest = min(sum((a - b) ** 2 for a, b in zip(lab(one), lab(other))) ** 0.5
                      for one in plot_looks.PALETTE for other in plot_looks.OTHERS)
        print(f"least difference between a method's colour and another: {nearest:.1f}")
        self.assertGreater(nearest, 30)


def signs(look):
    return look.colour, look.marker, str(look.dash)


class Looks(unittest.TestCase):
    def test_lethes_methods_all_differ(self):
        methods = list(plot_looks.METHODS)
        self.assertEqual(len({plot_looks.method_look(method).colour for method in methods}), len(methods))
        self.assertEqual(len({plot_looks.method_look(method).marker for method in methods}), len(methods))

    def test_methods_keep_their_colours_and_markers(self):
        """Readers compare figures with those of earlier reports."""
        expected = {"ft-c": ("#14094d", "o"), "mend": ("#c43d7d", "s"), "rome": ("#820603", "^"), "memit": ("#3babea", "D"),
                    "ft": ("#4f1326", "v"), "r-rome": ("#908e0f", "P"), "alphaedit": ("#0255b9", "X"), "memit-seq": ("#edb292", "p")}
        looks = {method: plot_looks.method_look(method) for method in plot_looks.METHODS}
        self.assertEqual({method: (look.colour, look.marker) for method, look in looks.items()}, expected)

    def test_no_two_kinds_share_a_colour_and_marker(self):
        variants = [f"{method}-{number}" for method in plot_looks.METHODS for number in range(40)]
        names = [f"task{number}" for number in range(40)]
        matrices = ["c_proj", "c_fc", "down_proj", "up_proj", "gate_proj"]
        kinds = {
            "methods": [plot_looks.method_look(method) for method in [*plot_looks.METHODS, *variants, *names]],
            "samples": [plot_looks.sample_look(sample) for sample in range(64)],
            "tasks": [plot_looks.task_look(task) for task in [*plot_looks.TASKS, *names]],
            "layers": [plot_looks.Layer(f"h.{number}.{matrix}.weight").look() for number in range(96) for matrix in matrices],
        }
        pairs = {kind: {(look.colour, look.marker) for look in looks} for kind, looks in kinds.items()}
        for one, other in itertools.combinations(pairs, 2):
            self.assertEqual(pairs[one] & pairs[other], set(), f"{one} and {other}")
        colours = {kind: {colour for colour, _ in own} for kind, own in pairs.items()}
        for kind in ("samples", "tasks", "layers"):
            self.assertEqual(colours["methods"] & colours[kind], set(), kind)
        self.assertEqual(colours["tasks"] & colours["layers"], set(), "both are on one sheet")

    def test_tasks_of_a_model_differ(self):
        for tasks in (("sst2", "mrpc", "cola", "rte"), ("sentiment", "paraphrase", "acceptability", "inference")):
            self.assertEqual(len({plot_looks.task_look(task).colour for task in tasks}), 4)
            self.assertEqual(len({plot_looks.task_look(task).marker for task in tasks}), 4)

    def test_variants_keep_their_methods_colour_and_differ_from_it(self):
        for method in plot_looks.METHODS:
            look = plot_looks.method_look(method)
            variants = [plot_looks.method_look(f"{method}-{label}") for label in ("clamp2", "noclamp", "l5")]
            self.assertEqual({variant.colour for variant in variants}, {look.colour})
            for variant in variants:
                self.assertNotEqual((variant.marker, str(variant.dash)), (look.marker, str(look.dash)))

    def test_sixteen_samples_and_forty_eight_layers_differ(self):
        self.assertEqual(len({signs(plot_looks.sample_look(sample)) for sample in range(16)}), 16)
        layers = [plot_looks.Layer(f"transformer.h.{n}.mlp.c_proj.weight").look() for n in range(12)]
        self.assertEqual(len({look.marker for look in layers}), 12, "any twelve neighbouring layers differ in marker")
        self.assertEqual(len({look.colour for look in layers[:4]}), 4, "four neighbouring layers differ in colour")
        every = [plot_looks.Layer(f"model.layers.{n}.mlp.down_proj.weight").look() for n in range(48)]
        self.assertEqual(len({(look.colour, look.marker) for look in every}), 48)

    def test_layers_are_named(self):
        names = {"transformer.h.17.mlp.c_proj.weight": "layer 17 c_proj", "model.layers.3.mlp.down_proj.weight": "layer 3 down_proj",
                 "transformer.wte.weight": "no layer wte", "strange": "no layer strange"}
        for parameter, label in names.items():
            self.assertEqual(plot_looks.Layer(parameter).label(has_matrix=True), label)
        self.assertEqual(plot_looks.Layer("transformer.h.17.mlp.c_proj.weight").label(has_matrix=False), "layer 17")
        self.assertNotEqual(str(plot_looks.Layer("transformer.h.1.mlp.c_fc.weight").look().dash),
                            str(plot_looks.Layer("transformer.h.1.mlp.c_proj.weight").look().dash))


if __name__ == "__main__":
    unittest.main()
