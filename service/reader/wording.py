"""What the reader's page says around a comment, in the languages of `service.notices`.

Why it was rejected is told there; when what is said, `service.reader.pages` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PageWords:
    """All of one language.  Names in braces are filled in by the page."""

    about: str
    wrote: str
    why: str
    whole: str
    no_text: str
    article: str
    received: str
    decided: str
    by_program: str
    by_person: str
    wrong: str
    how: str
    words: str
    limit: str
    send: str
    blank: str
    long: str
    heard: str
    heard_more: str
    answered: str
    changed: str
    accepted_now: str
    rejected_now: str
    over: str
    over_more: str
    broken: str
    broken_more: str
    failed: str
    failed_more: str
    day: str
    months: tuple[str, ...]

    def moment(self, at: datetime) -> str:
        """A moment in time, as one writes it."""
        day = self.day.format(day=at.day, month=self.months[at.month - 1], year=at.year)
        return f"{day}, {at:%H:%M} UTC"


PAGES: Mapping[str, PageWords] = {
    "en": PageWords(
        about="About your comment",
        wrote="What you wrote",
        why="Why",
        whole="No single word is the reason, but the comment as a whole.",
        no_text="We no longer have the text of the comment.",
        article="Article",
        received="Received",
        decided="Decided",
        by_program="by a computer program, automatically",
        by_person="by a person",
        wrong="Do you think this is wrong?",
        how="Please tell us why. A moderator will read your words beside the comment "
        "and decide again. You can do this once, until {until}.",
        words="Your words",
        limit="At most {limit} characters.",
        send="Send",
        blank="Please write something first.",
        long="This is too long: at most {limit} characters are possible.",
        heard="Thank you, we have your words",
        heard_more="A moderator will read them beside your comment. You will find the "
        "answer at this address until {until}.",
        answered="A moderator has read your words",
        changed="Your comment has been decided again",
        accepted_now="Your comment is accepted now.",
        rejected_now="Your comment is still not published.",
        over="This link has ended",
        over_more="It could be used for 30 days after the decision, until {until}.",
        broken="This link does not work",
        broken_more="Part of it may be missing. Please open it just as you received "
        "it.",
        failed="This page cannot be shown just now",
        failed_more="Please try again in a few minutes.",
        day="{day} {month} {year}",
        months=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
    ),
    "hi": PageWords(
        about="आपकी टिप्पणी के बारे में",
        wrote="आपने यह लिखा था",
        why="कारण",
        whole="कारण कोई एक शब्द नहीं, बल्कि पूरी टिप्पणी है।",
        no_text="टिप्पणी का पाठ अब हमारे पास नहीं है।",
        article="लेख",
        received="प्राप्ति",
        decided="निर्णय",
        by_program="कंप्यूटर प्रोग्राम द्वारा, स्वतः",
        by_person="किसी व्यक्ति द्वारा",
        wrong="क्या आपको यह निर्णय ग़लत लगता है?",
        how="कृपया बताएँ कि क्यों। आपकी बात मॉडरेटर द्वारा टिप्पणी के साथ पढ़ी जाएगी और फिर से "
        "निर्णय किया जाएगा। यह केवल एक बार, {until} तक किया जा सकता है।",
        words="आपकी बात",
        limit="अधिकतम {limit} अक्षर।",
        send="भेजें",
        blank="कृपया पहले कुछ लिखें।",
        long="यह बहुत लंबा है: अधिकतम {limit} अक्षर हो सकते हैं।",
        heard="धन्यवाद, आपकी बात हमें मिल गई है",
        heard_more="मॉडरेटर इसे आपकी टिप्पणी के साथ पढ़ेंगे। उत्तर {until} तक इसी पते पर देखा जा "
        "सकेगा।",
        answered="मॉडरेटर ने आपकी बात पढ़ ली है",
        changed="आपकी टिप्पणी पर फिर से निर्णय हुआ है",
        accepted_now="आपकी टिप्पणी अब स्वीकृत है।",
        rejected_now="आपकी टिप्पणी अब भी प्रकाशित नहीं है।",
        over="इस लिंक की अवधि समाप्त हो गई है",
        over_more="यह निर्णय के बाद 30 दिन, यानी {until} तक मान्य था।",
        broken="यह लिंक काम नहीं करता",
        broken_more="शायद इसका कोई भाग छूट गया है। कृपया इसे ठीक वैसे ही खोलें "
        "जैसे यह आपको मिला था।",
        failed="यह पृष्ठ अभी नहीं दिखाया जा सकता",
        failed_more="कृपया कुछ मिनट बाद फिर से प्रयास करें।",
        day="{day} {month} {year}",
        months=(
            "जनवरी",
            "फ़रवरी",
            "मार्च",
            "अप्रैल",
            "मई",
            "जून",
            "जुलाई",
            "अगस्त",
            "सितंबर",
            "अक्टूबर",
            "नवंबर",
            "दिसंबर",
        ),
    ),
    "ml": PageWords(
        about="നിങ്ങളുടെ അഭിപ്രായത്തെക്കുറിച്ച്",
        wrote="നിങ്ങൾ എഴുതിയത്",
        why="കാരണം",
        whole="ഏതെങ്കിലും ഒരു വാക്കല്ല, അഭിപ്രായം മൊത്തത്തിലാണ് കാരണം.",
        no_text="അഭിപ്രായത്തിന്റെ പാഠം ഇപ്പോൾ ഞങ്ങളുടെ പക്കലില്ല.",
        article="ലേഖനം",
        received="ലഭിച്ചത്",
        decided="തീരുമാനം",
        by_program="കമ്പ്യൂട്ടർ പ്രോഗ്രാം, സ്വയമേവ",
        by_person="ഒരു വ്യക്തി",
        wrong="ഈ തീരുമാനം തെറ്റാണെന്ന് കരുതുന്നുണ്ടോ?",
        how="എന്തുകൊണ്ടെന്ന് ദയവായി എഴുതുക. ഒരു മോഡറേറ്റർ അഭിപ്രായത്തോടൊപ്പം നിങ്ങളുടെ വാക്കുകൾ വായിച്ച് "
        "വീണ്ടും തീരുമാനിക്കും. ഒരു തവണ മാത്രം, {until} വരെ ഇത് ചെയ്യാം.",
        words="നിങ്ങളുടെ വാക്കുകൾ",
        limit="പരമാവധി {limit} അക്ഷരങ്ങൾ.",
        send="അയയ്ക്കുക",
        blank="ദയവായി ആദ്യം എന്തെങ്കിലും എഴുതുക.",
        long="ഇത് നീണ്ടുപോയി: പരമാവധി {limit} അക്ഷരങ്ങൾ ആകാം.",
        heard="നന്ദി, നിങ്ങളുടെ വാക്കുകൾ ഞങ്ങൾക്ക് ലഭിച്ചു",
        heard_more="ഒരു മോഡറേറ്റർ അവ അഭിപ്രായത്തോടൊപ്പം വായിക്കും. മറുപടി {until} വരെ ഇതേ "
        "വിലാസത്തിൽ കാണാം.",
        answered="ഒരു മോഡറേറ്റർ നിങ്ങളുടെ വാക്കുകൾ വായിച്ചു",
        changed="നിങ്ങളുടെ അഭിപ്രായത്തിൽ വീണ്ടും തീരുമാനമെടുത്തു",
        accepted_now="നിങ്ങളുടെ അഭിപ്രായം ഇപ്പോൾ സ്വീകരിച്ചിട്ടുണ്ട്.",
        rejected_now="നിങ്ങളുടെ അഭിപ്രായം ഇപ്പോഴും പ്രസിദ്ധീകരിച്ചിട്ടില്ല.",
        over="ഈ ലിങ്കിന്റെ കാലാവധി കഴിഞ്ഞു",
        over_more="തീരുമാനത്തിനുശേഷം 30 ദിവസം, അതായത് {until} വരെ, ഇത് ഉപയോഗിക്കാമായിരുന്നു.",
        broken="ഈ ലിങ്ക് പ്രവർത്തിക്കുന്നില്ല",
        broken_more="അതിന്റെ ഒരു ഭാഗം വിട്ടുപോയിരിക്കാം. നിങ്ങൾക്ക് ലഭിച്ച അതേ രൂപത്തിൽ അത് തുറക്കുക.",
        failed="ഈ പേജ് ഇപ്പോൾ കാണിക്കാനാവില്ല",
        failed_more="കുറച്ച് മിനിറ്റിനുശേഷം വീണ്ടും ശ്രമിക്കുക.",
        day="{year} {month} {day}",
        months=(
            "ജനുവരി",
            "ഫെബ്രുവരി",
            "മാർച്ച്",
            "ഏപ്രിൽ",
            "മേയ്",
            "ജൂൺ",
            "ജൂലൈ",
            "ഓഗസ്റ്റ്",
            "സെപ്റ്റംബർ",
            "ഒക്ടോബർ",
            "നവംബർ",
            "ഡിസംബർ",
        ),
    ),
}
