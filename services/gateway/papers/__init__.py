"""Papers: documents in the layout that the State's papers have (Nghị định 30/2020/NĐ-CP, Phụ lục I)."""
