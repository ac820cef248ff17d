"""From pictures and words to masks: what was asked, what was found, and how found pieces become one mask a picture."""
