"""English words and names that are also parts of words in the lexicon.

Two of these side by side are never joined: the pen is, push it, who re-reads.  Others
are not needed here.
"""

from __future__ import annotations

WHOLE_WORDS = frozenset(
    """
    a abate abated abates abating abe achoo ada addle ago ah ain al am aman amen an
    ana anal and angina ani animal animals apes aries around arses art arts arty as
    ash at ate axe aziz babied babier babies babiest baby babying back backed backer
    backers backing backings backs bag bagged bagging baggy bags bait baited baiting
    baits ball balled baller balling balls bam bama bandit bandits bang banged
    banger banging bangs bare bars bast bat bate bated bates bating bats batted
    batter batters batting batty be beard bearded bearding beards beast beasts bed
    beef beet bell belle bellied bellies belly bellying bend bender bending bends
    bernie bid biden bier biers bin bird birds bit block blouse bloused blouses
    blousing blow bob bobbed bobbin bobbing bobby bobs boer bois boll bon bone boo
    boon boons border bot bots boy boyer boys brain brained brainer braining brains
    brainy breath breathed breather breathers breathing breaths bred bubble bucket
    buckets bull bulls bum bummer bummers bums bung bunnies bunny burner burners
    burr bus bused buses busing bust busy butt butter butts buy by ca cab cake caked
    cakes caking cam camel cams case cased cases casing casings caste cats cha chad
    chain cham che cheese chez chi chia chickens chico chin china ching chris christ
    chuckle chum clung co coal cockles com comm comming con cong cool coot cotton
    cows crack craps crater cream cricket crickets crotch cumming cummings curtain
    curtained curtaining curtains daft dam damn damned dark de dead deader deep demo
    demon diaper dicker dickers dicky die dies dim ding dips dirt dis dive dived
    diver divers dives diving do dodger dodgers doer doers dog doggie doggy dogs
    doing doings dole don donkey doo dope dos dot dots dotted dotting dotty down
    downs dry dummy dung dyked dyking eater eaters eatery eats egress el end ended
    ending endings ends erin etch etched etcher etchers etches etching etchings euro
    ex exes eye eyed eyes eying fa face faced faces facing facings fanboy fanny far
    fat fats fed fell fella felt fiber fin finger fist fl flake flaked flakes
    flaking flaky flap flapping flaps flesh flu foo foot fr freak freaked freaking
    freaks freaky frog fruit fudge fun fund fused fuses fusing ga gain gan gang gar
    gas gash gassed gay gays get gets getting getty gin gina girl girls girly glory
    go goats gobbler gobblers goblin goblins gobs god golden goon got grease green
    grin hair half ham hamster hamsters han hand hans hara haram hard hardcore hart
    harts hat having he head headed header headers heading headings heads heady hell
    hells hes hi hied hilda his hit hitler hits hitter hitters hitting hole holed
    holes holing holy hon honk hook hoot hopper hoppers horn horse horses hot hotter
    how hows ht hub hubby hubs hula human humans hump humped humping humps hurt
    hurting hurts i icky id ids ie iggy imp in inc indued induing int iran is isms
    it itch itched itches itchier itchiest itchiness itching itchy its ix jack
    jacking jacks jade jail jaw jaws jesus jew jigger jihad jitters job jobbed
    jobber jobbers jobbing jobs jockey jockeyed jockeying jockeys jones jun jungle
    kat kay ken key keyed keying keypunch keypunched keypunches keypunching keys
    kill killer killers kin king kings kinky knob knuckle kong kung lady lag lagged
    lagging lags lame lana lard law lawdy led lefty les less let lets letter letters
    letting lib libra lick licked licking licks lid lidded lids life lifer lifers
    lifes light lighted lighter lighters lighting lights limb limber limbers limbs
    lime limed limes liming limp limy lin ling lips list listed lit litter litters
    liver lo lord lords los lose lover lovers low lull luna lunge lunged lunges
    lunging ma macho madras mag mail mailed mailer mailers mailing mailings mails
    main male males mall man manned manner manners manning manny mans mar marin mars
    mary mask mast master mastered mastering masters mastery may maya me meat meg
    men mens met meth micro mid midge milf min ming mit ml mo modi monkey monkeyed
    monkeying monkeys moon moose mos mother mouth ms mud muff mull munch munched
    munches munching murk muslim muss mutton my myra nada nancy nappy nazi nazis
    neck necks needle needled neg ngo nips no nook nose nosed noses nosh nosing nosy
    not numb nut nuts nutted nutting nutty nymph nymphomania obama off offed offer
    offers offing offings offs ok okie ole on once ooze oozed oozes oozing op ops
    otter otters oven pack packed packer packers packing packs pan papi pate pates
    pawn pawns peaceful pen pencil penis pepper per pet pets petted petting petty
    phone phones pi pick picked picker pickering pickers picking pickings picks
    picky pie pied pier piers pies pig pigged pigging piggy pigs piing pike pin
    pinch pink pirate pirated pirates pirating please pleased plug plugged plugging
    plugs pole poop poor porch porn porno pot pots potted potter potters potting
    potty pout pre psycho pub puff pun punch punched punches punching punchy punk
    puss put putin putt queen queens queer ragged ragging rags ran rand ranger
    rangers rape raped rapes raping rapped rapper rappers rapping rarely rascal rat
    rats ratted ratting ratty re reach red rely rep res retarding rey rice rick
    ricked ricking ricks rigging rim ring rings roach roached roaches roaching roast
    roes ron rot rump rusk sack sacked sacking sacks sand sang sangh sausage scrotum
    scrounge seater serer sex sexed sexes sexing sexy shagged shaggy shags shark
    sharks shatter shatters she sheep shi shopper shoppers short shower shut shy
    sick sin sing sings sit sits sitter sitters sitting sittings skirt skirted
    skirting skirts skull skulls slam slammed slammer slammers slamming slams slant
    slap sleaze slick slicked slicker slickers slicking slicks slim slime slimmer
    slimming slimy slope smith smiths smoker smokers smooth snot snow so some somers
    son sons soo soot soy spas spawn spawned spawning spawns spot spots spotted
    spotter spotters spotting spotty spun squirt st stiff stoop strap streets strum
    style styled styles styling sub suck sucker swipe swiped swipes swiping taco tan
    tank tar tardy tart tarter tarts tat tea ted terrorist tha than thick three
    throat thugs ti tic tics tie tied tier tiers ties tin ting tings tiny toad toe
    toed toes toss toughs towel toy trailer trans trash trashed trashes trashing
    troll trump trumpet trumpets ttys tub tube tubed tuber tubers tubes tubing
    twitter tying uglier ugliest ugly umber undies up upped upper uppers upping ups
    us utter uttered uttering utters vagina vedic vert videos vied vies vs vying
    wack wadded wadding wads wagon wan war ward wards was way we weir weird wet
    whack whales white who whoa wig wiggle wing wipe wiped wiper wipers wipes wiping
    wit wits witting witty wive wk wonky wound wounded wounding wounds wrist yasser
    yates ying you yr zion zipper
    """.split()  # noqa: SIM905  a list of hundreds of strings is no reading
)
