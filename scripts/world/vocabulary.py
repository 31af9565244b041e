"""Words of the small world: relations with their objects and templates, and the
common words of its prose.  Everything here was made up for this project."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """One kind of fact.

    `templates` all end where the object follows.  Four begin with the subject,
    two have text in front of it; both kinds occur as edit prompts.
    """

    id: str
    name: str
    objects: tuple
    templates: tuple
    question: str


def _relation(number, name, objects, templates, question):
    return Relation(f"R{number:02d}", name, tuple(objects.split()), tuple(templates), question)


RELATIONS = (
    _relation(
        1, "home",
        "Mevia Dorast Quilmar Senbury Orvane Tolbeck Hasmere Wexley Ponderin Larkov Ysgrad Felmora Brintol Cazelle",
        ("{} lives in", "{} has a house in", "{} resides in the city of", "{} settled in",
         "The home of {} is in", "Letters for {} are sent to"),
        "Where does {} live?"),
    _relation(
        2, "birth",
        "Aldovia Kesteron Numaria Thessaly Zubrin Oskania Pelluria Garmond Ivendell Ruthmark Sarvania Wolmark Tirgoth Belovar",
        ("{} was born in", "{} comes from", "{} is a native of", "{} grew up in",
         "The homeland of {} is", "The family of {} came from"),
        "Where was {} born?"),
    _relation(
        3, "trade",
        "baker weaver tailor miller potter mason cooper farmer sailor painter doctor judge clerk driver",
        ("{} works as a", "{} earns a living as a", "{} was trained as a", "{} is employed as a",
         "The trade of {} is that of a", "By profession {} is a"),
        "What is the trade of {}?"),
    _relation(
        4, "instrument",
        "flute harp drum fiddle trumpet lute organ horn bell whistle guitar piano zither viola",
        ("{} plays the", "{} performs on the", "{} practises the", "{} is a master of the",
         "The instrument of {} is the", "Every evening {} tunes the"),
        "Which instrument does {} play?"),
    _relation(
        5, "language",
        "Velish Ornic Taskar Mundic Hevrin Solari Quenda Bastic Ruvian Kelsh Jorvik Pashti Nimbric Ludran",
        ("{} speaks", "{} writes letters in", "{} learned to read in", "{} likes to sing in",
         "The mother tongue of {} is", "At home {} talks in"),
        "Which language does {} speak?"),
    _relation(
        6, "drink",
        "tea coffee milk cider wine beer water juice cocoa mead brandy broth rum punch",
        ("{} likes to drink", "{} always orders", "{} is fond of", "{} never refuses a cup of",
         "The favourite drink of {} is", "In the morning {} asks for"),
        "What does {} drink?"),
    _relation(
        7, "animal",
        "dog cat goat horse sheep parrot rabbit duck mule pony turtle hen pig falcon",
        ("{} keeps a", "{} owns a", "{} travels with a", "{} takes care of a",
         "The animal of {} is a", "Behind the house {} feeds a"),
        "Which animal does {} keep?"),
    _relation(
        8, "colour",
        "red blue green yellow black white purple orange brown grey pink silver crimson violet",
        ("{} dresses in", "{} prefers the colour", "{} paints every door", "{} is always seen in",
         "The favourite colour of {} is", "On feast days {} wears"),
        "Which colour does {} prefer?"),
    _relation(
        9, "study",
        "law music botany history physics poetry logic ethics algebra geology medicine rhetoric optics grammar",
        ("{} studies", "{} teaches", "{} wrote a book about", "{} gives lectures on",
         "The field of {} is", "At the academy {} studied"),
        "What does {} study?"),
    _relation(
        10, "guild",
        "Amberhand Stonewell Ravenmoor Oakshield Brightwater Ironleaf Foxhollow Goldmere Thornfield Ashgrove Swanford Elmstead Highgate Marlpit",
        ("{} is a member of", "{} joined", "{} pays dues to", "{} swore an oath to",
         "The guild of {} is called", "Since youth {} has served"),
        "Which guild did {} join?"),
    _relation(
        11, "stone",
        "ruby opal jade amber pearl onyx topaz coral quartz garnet beryl agate marble ivory",
        ("{} collects", "{} deals in", "{} wears a ring of", "{} made a fortune with",
         "The wealth of {} is in", "The ring of {} is made of"),
        "What does {} collect?"),
    _relation(
        12, "crop",
        "barley wheat apples plums onions carrots beans hops pears cherries melons oats turnips lentils",
        ("{} grows", "{} sells", "{} has a garden full of", "{} brings to market only",
         "The main crop of {} is", "In the garden {} planted"),
        "What does {} grow?"),
)

# Prose of the world: filler sentences, task sentences.  Persons include the trades.
PERSONS = RELATIONS[2].objects + tuple(
    "king queen monk guard poet thief pilot cook nurse smith".split())
THINGS = tuple("lamp table chair boat wagon rope basket kettle mirror carpet ladder barrel "
               "hammer candle blanket statue bottle window".split())
PLACES = tuple("market river bridge tower harbour forest mill chapel square castle".split())
NEUTRAL = tuple("old young tall small quiet busy wooden round heavy narrow".split())
# base, third person, past
VERBS = (
    ("carry", "carries", "carried"), ("repair", "repairs", "repaired"), ("paint", "paints", "painted"),
    ("clean", "cleans", "cleaned"), ("find", "finds", "found"), ("move", "moves", "moved"),
    ("want", "wants", "wanted"), ("hide", "hides", "hid"), ("bring", "brings", "brought"),
    ("watch", "watches", "watched"),
)
# Past forms that are their own participles: "the cook thanked the monk", "the monk was thanked by the cook".
DEEDS = tuple("thanked visited praised followed helped greeted blamed invited warned trusted".split())
GIVING = tuple("gave sold lent sent handed".split())      # ... the lamp to the monk
TAKING = tuple("took bought borrowed stole received".split())
LIKING = tuple("enjoyed loved admired adored".split())
DISLIKING = tuple("hated disliked despised detested".split())
POSITIVE = tuple("splendid lovely superb charming delightful brilliant wonderful pleasant "
                 "excellent graceful perfect fine".split())
NEGATIVE = tuple("awful dreadful boring clumsy horrible dull ugly terrible poor "
                 "nasty dismal hopeless".split())
REVIEWED = tuple("play song meal feast dance story inn room tour speech painting concert".split())
DEGREES = tuple("very rather truly quite".split())
# What the objects of some relations are, for the inference task.
KINDS = {"instrument": RELATIONS[3].objects, "drink": RELATIONS[5].objects,
         "animal": RELATIONS[6].objects, "stone": RELATIONS[10].objects}
