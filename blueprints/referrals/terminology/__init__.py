"""Lists of terms: answers and their words, languages (BCP 47), diagnoses (ICD-10-CM) and medications."""
