"""Lists that the form offers: answers and their words, languages (BCP 47), diagnoses (ICD-10-CM)."""
