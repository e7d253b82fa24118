"""Tiny corpora in the public corpora's formats, written for the tests."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from pathlib import Path

TABLES: dict[str, str] = {
    "jigsaw/jigsaw_train_any_label.csv.gz": (
        "id,comment_text,any_label,toxic,severe_toxic,obscene,threat,insult,"
        "identity_hate,six_labels_known\n"
        ',"Please, see the talk page.",0,0,0,0,0,0,0,1\n'
        ",You utter fool go away,1,1,0,0,0,1,0,1\n"
        ",Vandal again,1,,,,,,,0\n"
    ),
    "civil_toxic_spans/spans.csv.gz": (
        "annotation,type,start,end\n0,Insult,4,9\n1,Insult,4,9\n2,Insult,0,9\n"
        "3,Profane/Obscene,0,4\n"
    ),
    "civil_toxic_spans/annotations.csv.gz": (
        "annotation,comment_id,worker,country,all toxic,not toxic\n"
        "0,7,1,USA,False,False\n1,7,2,USA,False,False\n2,7,3,USA,False,False\n"
        "3,8,1,USA,False,False\n4,8,2,USA,True,True\n5,8,3,USA,True,True\n"
    ),
    "civil_toxic_spans/comments.csv.gz": (
        "comment_id,comment_text\n7,You clown of a mayor\n8,Darn that is odd\n"
    ),
    "civil_toxic_spans/tsd_test.csv.gz": 'spans,text\n"[0, 1]",Oh you goose\n',
    "davidson/labeled_data.csv.gz": (
        ",count,hate_speech,offensive_language,neither,class,tweet\n"
        "0,3,0,0,3,2,rain &amp; wind all day\n1,3,0,3,0,1,that hoe garden again\n"
        "2,3,3,0,0,0,send that lot away\n"
    ),
    "hatemoji_build/HatemojiBuild_train.csv.gz": (
        "entry_id,text,type,target,label_gold\n0,I would 🔪 them,"
        "threateninglanguage,[],1\n1,I would hug them,none,[],0\n"
    ),
    "hatemoji_build/HatemojiBuild_validation.csv.gz": (
        "entry_id,text,type,target,label_gold\n2,they are 🐀,derogation,[],1\n"
    ),
    "hatemoji_build/HatemojiBuild_test.csv.gz": (
        "entry_id,text,type,target,label_gold\n3,we saw a 🐀,none,[],0\n"
    ),
    "paradetox/paradetox.tsv.gz": (
        "toxic\tneutral1\tneutral2\tneutral3\nwhat a damn mess\twhat a mess\t\t\n"
    ),
    "edos/edos_labelled_aggregated.csv.gz": (
        "rewire_id,text,label_sexist,label_category,label_vector,split\n"
        "a,women cannot park,sexist,x,x,train\nb,she parked,not sexist,none,none,dev\n"
    ),
    "misogyny/final_labels.csv.gz": (
        "entry_id,body,level_1\na,typical of her kind,Misogynistic\n"
        "b,a fair point,Nonmisogynistic\nc,,Nonmisogynistic\n"
    ),
    "convabuse/ConvAbuseEMNLPfull.csv.gz": (
        "conv_id,user,is_abuse.1,is_abuse.0,is_abuse.-1,is_abuse.-2,is_abuse.-3\n"
        "1,you useless bot,0,0,0,1,0\n1,you useless bot,0,0,1,0,0\n"
        "1,how are you,1,0,0,0,0\n1,hmm,0,1,0,0,0\n"
    ),
    "context_toxicity/gc.csv.gz": (
        "id,text,parent,label,api\n1,I moved the section,,0,0.1\n2,Buffoon,,1,0.9\n"
    ),
    "context_toxicity/gn.csv.gz": "id,text,label,api,parent\n3,See above,0,0.1,\n",
    "wikipedia_nontoxic/toxicity_debiasing_data.tsv.gz": (
        "rev_id\tcomment\tis_toxic\tsplit\n"
        "1\tThe club was founded in 1902.\tFalse\tdev\n"
    ),
    "wikipedia_nontoxic/toxicity_debiasing_data_random.tsv.gz": (
        "rev_id\tcomment\tis_toxic\tsplit\n2\tThe river runs south.\tFalse\ttest\n"
    ),
    "openai_moderation/samples-1680.jsonl.gz": (
        '{"prompt": "they are all vermin", "H": 1, "HR": 0, "H2": 0}\n'
        '{"prompt": "nobody labelled this", "S": 0}\n'
    ),
    "stormfront/stormfront.csv.gz": (
        "file_id,text,label\n1,they ruin towns,hate\n2,booklets arrived,noHate\n"
        "3,as above,relation\n"
    ),
    "profanity_check/clean_data.csv.gz": (
        "is_offensive,text\n0,The lane was resurfaced.\n1,What utter dross\n"
        "1,You utter fool go away\n0, \n"
    ),
}


def write_corpora(root: Path, folders: Collection[str] | None = None) -> Path:
    """Write all of them, or those of some folders, below `root`, and return it."""
    for name, table in TABLES.items():
        path = root / name
        if folders is None or path.parent.name in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(table.encode("utf-8")))
    return root
