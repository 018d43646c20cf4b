"""Vietnamese names, weighted by how often they occur in real life, the southern forms among them."""

from bisect import bisect
from itertools import accumulate
from random import Random

FAMILY = {
    "Nguyễn": 384, "Trần": 110, "Lê": 95, "Phạm": 70, "Huỳnh": 33, "Hoàng": 18, "Phan": 45, "Võ": 24, "Vũ": 15,
    "Đặng": 21, "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Lý": 5, "Trương": 13, "Đinh": 9, "Lâm": 7,
    "Đoàn": 7, "Mai": 6, "Trịnh": 7, "Đào": 7, "Cao": 6, "Lương": 6, "Hà": 5, "Châu": 4, "Tạ": 4, "Thái": 4, "Tô": 3,
    "Phùng": 3, "Quách": 2, "Tăng": 2, "Kiều": 2, "Nghiêm": 1, "Thạch": 1, "Vương": 3, "La": 1, "Giang": 1, "Từ": 1,
}  # fmt: skip
MIDDLE = {
    "male": {
        "Văn": 230, "Minh": 75, "Hoàng": 65, "Thanh": 60, "Đức": 50, "Quốc": 55, "Hữu": 50, "Ngọc": 45, "Công": 35,
        "Xuân": 30, "Anh": 30, "Tấn": 30, "Trọng": 25, "Đình": 25, "Quang": 30, "Thành": 30, "Duy": 25, "Hồng": 15,
        "Gia": 15, "Bá": 10, "Phước": 15, "Thế": 15, "Việt": 10, "Nhật": 10, "": 20,
    },
    "female": {
        "Thị": 300, "Thị Thanh": 35, "Thị Ngọc": 45, "Thị Thu": 40, "Thị Kim": 35, "Thị Mỹ": 25, "Thị Hồng": 35,
        "Thị Bích": 25, "Thị Phương": 20, "Thị Minh": 20, "Ngọc": 65, "Thanh": 50, "Kim": 35, "Thu": 35, "Mỹ": 30,
        "Hồng": 30, "Phương": 35, "Thùy": 25, "Bảo": 20, "Hoàng": 20, "Minh": 25, "Thảo": 15, "Quỳnh": 15, "Diễm": 10,
        "Tuyết": 10, "Như": 10,
    },
}  # fmt: skip
GIVEN = {
    "male": {
        "Hùng": 32, "Dũng": 30, "Tuấn": 38, "Minh": 32, "Anh": 34, "Thành": 26, "Long": 22, "Nam": 22, "Hải": 25,
        "Sơn": 24, "Phong": 20, "Bình": 20, "Đức": 20, "Cường": 25, "Hiếu": 22, "Quang": 20, "Tùng": 15, "Phúc": 22,
        "Khoa": 18, "Huy": 25, "Tâm": 20, "Tài": 20, "Thắng": 20, "Trung": 20, "Vinh": 15, "Hòa": 16, "Phương": 14,
        "Lâm": 14, "Khánh": 14, "Nhân": 14, "Nghĩa": 14, "Lộc": 12, "Thịnh": 12, "Toàn": 14, "Việt": 12, "Kiên": 11,
        "Duy": 14, "Đạt": 16, "Trí": 12, "Hậu": 10, "Bảo": 11, "Quân": 11, "Hưng": 17, "Tú": 12, "An": 9, "Danh": 6,
        "Khang": 9, "Khôi": 7, "Luân": 6, "Mạnh": 9, "Nguyên": 9, "Phát": 10, "Quý": 7, "Sang": 9, "Tân": 9,
        "Thiện": 10, "Thông": 7, "Tiến": 13, "Tín": 7, "Trường": 10, "Vũ": 12, "Vương": 5, "Ân": 4, "Đông": 6,
        "Giang": 7, "Hiển": 5,
    },
    "female": {
        "Hoa": 22, "Lan": 28, "Hương": 32, "Mai": 26, "Linh": 28, "Trang": 30, "Thảo": 28, "Hà": 22, "Thủy": 24,
        "Hằng": 24, "Nga": 20, "Ngọc": 22, "Phương": 28, "Anh": 30, "Nhung": 18, "Yến": 22, "Vân": 22, "Hạnh": 22,
        "Loan": 18, "Dung": 20, "Tuyết": 16, "Trinh": 18, "Trâm": 18, "Tâm": 16, "Hiền": 22, "Hồng": 20, "Oanh": 16,
        "Xuân": 12, "Như": 14, "My": 14, "Vy": 15, "Ngân": 18, "Quỳnh": 14, "Châu": 12, "Diễm": 9, "Thu": 14,
        "Thúy": 15, "Liên": 12, "Phượng": 14, "Phụng": 8, "Nguyệt": 10, "Giang": 10, "Kiều": 8, "Duyên": 12, "Thơ": 7,
        "Thư": 12, "Tiên": 12, "Uyên": 12, "Vi": 8, "Khanh": 7, "Minh": 8, "Huyền": 14, "Bích": 7, "Chi": 10, "Cúc": 6,
        "Đào": 5,
        "Hân": 9, "Lệ": 6, "Nhi": 14, "Quyên": 11, "Sương": 6, "Thanh": 12, "Thoa": 7, "Ánh": 7, "Ân": 2, "An": 6,
    },
}  # fmt: skip


class Names:
    """Draws names from a given source of chance: the same source, the same names."""

    def __init__(self, chance: Random):
        self._chance = chance
        self._family = _Weighted(FAMILY)
        self._middle = {sex: _Weighted(words) for sex, words in MIDDLE.items()}
        self._given = {sex: _Weighted(words) for sex, words in GIVEN.items()}

    def draw(self) -> str:
        sex = "female" if self._chance.random() < 0.47 else "male"
        family = self._family.draw(self._chance)
        middle = self._middle[sex].draw(self._chance)
        given = self._given[sex].draw(self._chance)
        while given in (family, *middle.split()):
            given = self._given[sex].draw(self._chance)
        return " ".join(word for word in (family, middle, given) if word)


class _Weighted:
    def __init__(self, weights: dict[str, int]):
        self._words = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, chance: Random) -> str:
        return self._words[bisect(self._sums, chance.randrange(self._sums[-1]))]
