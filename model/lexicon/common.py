"""English words and names that are also parts of words in the lexicon.

Two of these side by side are never joined: the pen is, push it, who re-reads.  Others
are not needed here.
"""

from __future__ import annotations

WHOLE_WORDS = frozenset(
    """
    a abate abated abates abating achoo addle ago al am amen an ana anal and
    angina apes around arses art arts arty as babied babier babies babiest baby
    babying backing backings bag bagged bagging baggy bags bait baited baiting
    baits ball balled balling balls bandit bandits bang banged banging bangs
    bare bars bast bate bated bates bating bats batted batter batters batting
    batty be beard bearded bearding beards beef beet bell bellied bellies belly
    bellying bend bender bier biers bin bird birds bit block blouse bloused
    blouses blousing blow bob bobbed bobbin bobbing bobby bobs boll bone boo
    boon boons border boy boys brain brained braining brains brainy breath
    breather breathers bred bubble bucket buckets bull bulls bummer bummers bums
    bung bunnies bunny burner burners burr bus bused buses busing bust busy butt
    butter butts by ca cake caked cakes caking cam camel cams case cased cases
    casing casings cats chad cheese chickens chin china chuckle clung coal
    cockles comm coot cotton cows crack craps crater cream cricket crickets
    crotch cumming curtain curtained curtaining curtains daft damn dead deader
    deep demo demon diaper dicker dickers dicky die dies dim ding dips dirt dis
    dive dived diver divers dives diving do dodger dodgers doer doers doggie
    doggy dogs doing doings dole don donkey dope dos dot dots dotted dotting
    dotty down downs dry dung dyked dyking eater eaters eatery eats egress end
    ended ending endings ends etch etched etcher etchers etches etching etchings
    euro ex exes eyed eyes eying face faced faces facing facings fanboy fanny
    far fat fats fed fiber fin finger fl flake flaked flakes flaking flaky flaps
    flesh foo foot fr freak freaked freaking freaks freaky frog fruit fudge fun
    gang gash gay gays get gets getting girl girls glory go goats gobbler
    gobblers goblin goblins gobs golden grease green grin half hamster hamsters
    hand hard hart harts hat having he head headed header headers heading
    headings heads heady hell hi hied his hit hits hitter hitters hitting hole
    holed holes holing holy honk hook hoot hopper hoppers horn horse horses hot
    hotter how hows ht hub hubby hubs hula human humans hump humped humping
    humps hurt hurting hurts i icky id ids imp in indued induing int is isms it
    itch itched itches itchier itchiest itchiness itching itchy its ix jack
    jacking jacks jail jigger jihad jitters job jobbed jobber jobbers jobbing
    jobs jockey jockeyed jockeying jockeys jungle ken key keyed keying keypunch
    keypunched keypunches keypunching keys king kings knob knuckle lady lag
    lagged lagging lags lame lard led lefty les lib lid lidded lids life lifer
    lifers light lighted lighter lighters lighting lights limb limber limbers
    limbs lime limed limes liming limp limy lips lit litter litters liver lo
    lord lords lose low lull lunge lunged lunges lunging macho madras mail
    mailed mailer mailers mailing mailings mails main male males mall man manned
    manner manners manning mans mask mast master me meat meg mid midge milf ml
    mo monkey monkeyed monkeying monkeys moon moose mother mouth muff mull munch
    munched munches munching murk muss mutton my nappy neck necks needle needled
    neg nips no nook nose nosed noses nosh nosing nosy not numb nuts nutted
    nutting nutty nymph nymphomania off offed offer offers offing offings offs
    on once ooze oozed oozes oozing op ops otter otters oven pack packed packer
    packers packing packs pate pates peaceful pencil penis pepper per pets
    petted petting petty phone phones pi pick picked picker pickers picking
    pickings picks picky pie pied pier piers pies pig pigged pigging piggy pigs
    piing pike pin pinch pink pirate pirated pirates pirating plug plugged
    plugging plugs pole poop poor porch porn porno pots potted potter potters
    potting potty pout psycho pub puff punch punched punches punching punchy
    punk puss put putt queen queer ragged ragging rags ran ranger rangers rape
    rapped rapper rappers rapping rarely rascal rats ratted ratting ratty re
    reach red retarding rice rick ricked ricking ricks rigging ring rings roach
    roached roaches roaching roes ron rot rump rusk sack sacked sacking sacks
    sand sang sausage scrotum scrounge serer sex sexed sexes sexing sexy shagged
    shaggy shags shatter shatters she sheep shopper shoppers short shower shut
    sick sin sing sings sit sits sitter sitters sitting sittings skirt skirted
    skirting skirts skull skulls slam slammed slammer slammers slamming slams
    slant slap sleaze slick slicked slicker slickers slicking slicks slime slimy
    slope smoker smokers smooth snot snow so some soot spas spawn spawned
    spawning spawns spot spots spotted spotter spotters spotting spotty spun
    stiff stoop strap streets strum style styled styles styling sub suck sucker
    swipe swiped swipes swiping taco tar tardy tart tarter tarts tea ted
    terrorist than thick three throat thugs ti tic tics tin ting tings tiny toad
    toe toed toes toss toughs towel toy trailer trans trash trashed trashes
    trashing troll trump trumpet trumpets ttys tube tubed tuber tubers tubes
    tubing uglier ugliest ugly umber undies up upped upper uppers upping us
    utter uttered uttering utters vagina videos vied vies vs vying wack wadded
    wadding wads wagon weir weird whack whales white who whoa wiggle wing wipe
    wiped wiper wipers wipes wiping wit wits witting witty wive wk wonky wrist
    you yr zipper
    """.split()  # noqa: SIM905  a list of hundreds of strings is no reading
)
