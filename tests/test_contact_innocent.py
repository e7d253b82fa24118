"""Figures, names and places of ordinary news talk are nobody's contact details."""

from __future__ import annotations

from itertools import pairwise

import pytest

from model.contacts.finder import find_contacts

DATES_AND_YEARS = """
The agreement of 12-05-2019 was signed on 2019-05-12.
It happened on 01/12/2019, not on 12.01.2019.
The 2019-2024 term was a lost one, and so was 2014-2019.
In 1984-85 and 1991-1992 we had the same debate.
The deadline is 2024-12-31 23:59:59.
At 2012-01-02 08:00 the site was down.
Remember 9/11, 26/11 and 7/7?
From 10.30 to 18.45 the road was closed, 5-6 pm worst of all.
Between 1947 and 1950, 1975-1977 and 1999-2004 they ruled.
Timeline: 1757 1857 1885 1905 1919 1930 1942 1947.
Published 20190512, updated 20190513.
Born 15 08 1947, died 30 01 1948.
The dates 12 12 2012 and 11 11 2011 were popular for weddings.
In 2008, 2012, 2016 and 2020 the polls were wrong.
Budget years 2021-22, 2022-23, 2023-24 tell the story.
The 1970s 1980s 1990s were different.
Posted 2021-03-04T05:06:07Z by the editor.
Opening hours 0900-1700, closed 1230-1330.
The curfew ran 2200 0600 2200 0600 for a week.
Call it 1984, or 2024-25, I do not care.
The log says 1700000000 and then 1700003600 seconds.
On 6-12-1992 the mosque was razed, on 28-02-2002 Gujarat burned.
"""

MONEY = """
They spent Rs 1,20,000 crore on it.
The budget is Rs. 9847012345 this year.
It cost $9,876,543,210 in all.
A loan of ₹9000000000 was written off.
The debt stands at $31,415,926,535,897.
A 2,50,000 lakh scam, and 1.76 lakh crore before.
Sales of 6500000000 dollars, said the company.
They owe 9847012345 rupees to the state.
Between 65000-75000 crore is needed.
From 60000 - 70000 people lost their savings.
€1.234.567,89 is the sum in the contract.
The price rose from 98.47 to 123.45.
GDP of 7,800,000,000 in 2019 and 8,100,000,000 in 2020.
A 10-20-30 per cent cut in three steps.
Petrol at 104.77, diesel at 94.34, gas at 1103.50.
The bill was USD 2125550123, they say.
Salaries of 15600-39100 with grade pay 5400-7600.
He earned 55 000 000 000 last year alone.
Tax slabs: 300000 600000 900000 1200000 1500000.
INR 9847012345 changed hands.
"""

COUNTS_AND_STATISTICS = """
They polled 1,234,567 votes against 1,234,432.
The party got 9847012345 votes, joked the anchor.
7800000000 people live on this planet.
The population is 1380004385, by the latest estimate.
Turnout was 67.11% against 66.44% in 2014.
Covid 19 killed 530000 here and 6900000 worldwide.
BJP 303, INC 52, DMK 23, AITC 22, YSRCP 22.
Ward results: 1234 2345 3456 4567 1235 2346.
Percentages 12.5 14.6 18.2 20.1 34.6 do not add up.
Seats 240 99 37 29 16 12 9 8 7.
Deaths 123456, cases 7654321, tests 98765432.
It is -12.5 +14.6 -3.2 in the three cities.
Rainfall of 100 200 300 1000 mm in four days.
The ratio is 1:2:3:4:5:6:7:8.
Pages 211-227 (2003) of the journal say so.
Growth 8.3 6.8 6.5 3.9 -5.8 9.1 7.2 over seven years.
The vote was 52-48, then 51-50.
Some 60000 80000 100000 protesters, depending on whom you ask.
Results: 31, 28, 31, 30, 31, 30, 31.
They sold 9876543 units of it.
The numbers 1 2 3 4 5 6 7 8 9 10 are all he can count.
It goes 10 9 8 7 6 5 4 3 2 1 0 and off.
Lottery: 4 8 15 16 23 42 won.
"""

SPORT = """
India won 6-3, 6-4, 7-6 after three hours.
He made 183 off 145 balls, then 49, 77, 102 and 0.
The over went 1 0 4 6 0 1.
Federer lost 7-6 1-6 7-6 4-6 13-12 in that final.
Kohli scored 12,898 runs at 57.32 in 274 matches.
A 4-4-2 beats a 3-5-2 and a 4-2-3-1.
Bowling figures 10-2-35-4 and 9-0-61-1.
It ended 123-45 at half time and 245-98.
Brady threw 28 of 44 for 343 yards and 2 TDs.
The 4x100 m relay in 37.10, the 100 m in 9.58.
India 329 and 286, Australia 195 and 200.
Her splits were 58.45 62.33 61.90 59.70.
The last ten scores: 23 45 0 12 78 101 4 56 33 9.
Odds of 1000-1 and 9-4 were on offer.
Record is 82-0 or 73-9, whichever.
"""

LAW_AND_RELIGION = """
Section 144 was imposed after Article 370/35A went.
Under sections 302, 307, 120B and 34 of the IPC.
Article 19(1)(a) and Article 21 protect us.
Case No. 9847012345 is still pending.
Crime no. 9847012345/2019 was registered.
W.P.(C) No. 1234567/2020 was dismissed.
See 347 U.S. 483 (1954) and 410 U.S. 113 (1973).
AIR 1973 SC 1461, (1973) 4 SCC 225 is the authority.
John 3:16, Romans 8:28 and Psalms 119:105-112.
Quran 2:190-193, 9:5 and 5:32.
Leviticus 18:22 20:13 is quoted by everybody.
Gita 2.47 and 18.66 say it all.
Public Law 111-148 is 906 pages long.
H.R. 3590 and S. 1234567 died in committee.
GO (Ms) No. 123/2019/Home dated 12-05-2019.
Docket 2125550123 has the papers.
Patent 9847012345 should never have been granted.
The 1st, 2nd, 5th and 14th amendments.
18 U.S.C. 1001 and 42 U.S.C. 1983 apply.
"""

NUMBERS_OF_THINGS = """
ISBN 978-0-306-40615-7 is worth a read.
ISBN 9780306406157, not ISBN 0-306-40615-2.
ISBN: 8173711461 is his autobiography.
ISSN 0971-751X is this paper's.
The AK-47, the MiG-21 and the F-16.
Flight AI 302 and 6E-2345 were late, MH370 never came.
Train 12626 is late, 16302 was cancelled.
Article id 9847012345 has the same picture.
See tweet 1234567890123456789 for the proof.
Order no. 9847012345 never arrived.
PNR 8412345678 is still on the waiting list.
My ticket 9847012345 was ignored for months.
Comment #9847012345 says the same.
The model number is ABC9847012345X.
Windows 10.0.19045.3570 has the fix.
Version 4.15.0-213 is affected.
KL-07-AB-1234 was parked there.
Account 9847012345 was frozen by the bank.
Serial no. 8765432109 was on the machine.
Aadhaar 2345 6789 0123 should not be needed.
A card like 4111 1111 1111 1111 is a test card.
It was {{as of|2014|10|30}} and ISBN 978- 06848657680.
The sum is 0.9523809524 of (2/21).
The barcode 9847012345 was scanned twice.
Use 5G, 4G, 24x7 and 1080p everywhere.
Boeing 737-800, Airbus A320-200, 787-9.
Invoice 9847012345 was forged.
Channel 7 9 11 13 all showed it.
HD 209458 b is a planet.
The file IMG_9847012345.jpg is a fake.
doi 10.1038/s41586-020-2649-2 has the study.
PMID 32908161 and arXiv 2005.14165 as well.
Roll no 9847012345 topped the exam.
md5 9847012345abcdef does not match.
"""

NETWORK_AND_PLACES = """
The edit came from 192.168.100.1 again.
My IP was 86.176.170.210, text me if you doubt it.
It is at 28.6139, 77.2090 on the map.
Coordinates 8.5241 76.9366 are wrong.
12.9716 N 77.5946 E is Bengaluru.
PIN 695001 was cut off for days.
Beverly Hills 90210 is not the world.
Delhi 110001 and Mumbai 400001 pay all the tax.
London SW1A voted to remain.
Read https://example.org/news/9847012345 first.
https://www.thehindu.com/article9847012345.ece is the story.
www.news.example/2019/05/12/9847012345 is gone.
See http://x.example/?id=9847012345 and judge.
status/1234567890123456789 was deleted.
NH 66, NH-544 and SH 1 are all bad.
Area code 90210-1234 is rich.
fe80::1ff:fe23:4567:890a is local.
"""

HELPLINES = """
Call 100, 101, 108 or 112 when in danger.
Childline is 1098, women's helpline 181 or 1091.
Dial 911, or 999 in Britain, or 988 in a crisis.
Text HOME to 741741 for help.
Call 1800-425-1234, it is toll free.
Call 1800 425 1234 for the scheme.
Ring 0800 111 999 for gas leaks.
The lifeline is 1-800-273-8255.
Call 1-888-555-0100 to complain.
Phone 0300 123 3393 for advice.
Samaritans are at 116 123, day and night.
Dial 1930 for cyber crime.
Toll-free: (800) 275-2273.
Call +1 800 273 8255 from abroad.
Phone 0800 1111 if you are a child.
Call 1860 266 2345 on weekdays.
Call 800 275 2273, the post office says.
The bank is at 877-222-4321, toll-free.
"""

WORDS = """
One two three four five six seven eight nine ten.
Nine, eight, seven, six, five, four, three, two, one, lift off!
Seven of the nine judges, six women and eight men, agreed.
Zero tolerance for the nine eleven conspiracy.
Two of five, three of four, one of ten: so what?
One in six, two in eight, zero in nine.
It is six of one and half a dozen of the other.
Nine times out of ten the eight o'clock news is wrong.
Call one or two of them, or all seven.
"""

STREETS = """
10 Downing Street has no plan.
The PM lives at 10 Downing Street.
Wall Street got its bailout, Main Street did not.
The 2008 Main Street bailout never came.
I was at 5 on MG Road and saw nobody.
The Five Eyes, the 5 eyes, whatever.
1600 Pennsylvania Avenue NW, Washington, DC 20500 is a big house.
All 20 of the main roads were closed, 15 on the way home.
There were 12 accidents on that road in 2019.
The 14 lane highway is a waste.
We walked 3 miles down High Street.
12 people died at the Elm Street crossing.
Take 5 to close the deal.
In 2019 Statue Road was widened.
Sesame Street turned 50 this year.
Baker Street needs 20 more buses.
The 4 main parties each got 25 per cent.
He is living on 5 main meals a week.
A flat 2% tax, and flat 4, in a row, growth.
Block 4 of the reactor, sector 62, phase 2.
They lived through the 1984 Bhopal tragedy.
7 Lok Kalyan Marg is quiet, as ever.
21 Jump Street was a film, 8 Mile Road too.
They stayed in 2008 Main Street mode.
House 435, Senate 100, that is how it works.
Apartment prices rose 12 per cent, plot sales 4.
The National Highway 66 runs past my village.
1 way or another, 2 place names were changed.
She was 1 of 3 to cross the road.
In Room 223 the court sat until 5.
Give them no 2 way to say it.
#1 to make my way, #2 to close.
"""

MAIL = """
@narendramodi and @rahulgandhi should debate.
Hey @john_smith2, read it again.
Write to editor@thehindu.co.in or letters@thehindu.co.in.
Send it to info@example-charity.org.
Mail feedback@guardian.co.uk, they never answer.
Contact support@news.example.com and wait.
The address is letters.editor@paper.co.uk.
Complain to pmo@pmo.gov.in or cm@kerala.gov.in.
Try secy-mha@nic.in instead.
His office is senator@smith.senate.gov.
Use newsroom@paper.net or tips@paper.net.
Write to contact@gmail.com if you must.
I looked at gmail.com and it was down.
Meet me at yahoo.com, said nobody ever.
See you @ the rally.
noreply@service.com never reads a thing.
logo@2x.png is missing on your page.
The example user@example.com is in every book.
Dot the i and cross the t at last.
Com dot com was the bubble at the time.
An @ sign alone, or a @ b, is nothing.
Email is dead, gmail too.
He works at outlook dot something.
https://www.google.com/maps/@28.6139,77.2090,15z shows it.
medium.com/@somebody wrote about that.
"""


def sentences(*blocks: str) -> list[str]:
    return [line for block in blocks for line in block.strip().splitlines()]


INNOCENT = sentences(
    DATES_AND_YEARS,
    MONEY,
    COUNTS_AND_STATISTICS,
    SPORT,
    LAW_AND_RELIGION,
    NUMBERS_OF_THINGS,
    NETWORK_AND_PLACES,
    HELPLINES,
    WORDS,
    STREETS,
    MAIL,
)


@pytest.mark.parametrize("comment", INNOCENT)
def test_nothing_private_is_seen(comment: str) -> None:
    assert find_contacts(comment) == []


def test_sentences_side_by_side_do_not_make_a_contact() -> None:
    found = [
        (first, second)
        for first, second in pairwise(INNOCENT)
        if find_contacts(f"{first} {second}")
    ]

    assert found == []
