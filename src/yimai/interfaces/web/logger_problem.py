"""Why a logger's file cannot be read: the line, the reason, and what to do, in both languages."""

from __future__ import annotations

from typing import Final

from yimai.domain.recipe import Words


class LoggerProblem(Exception):
    """line: where in the file, from 1, or 0 for the whole file. asks: what a person may say to go on: ``unit`` or ""."""

    def __init__(self, words: Words, line: int = 0, asks: str = "") -> None:
        if line:
            words = Words(f"第 {line} 行：{words.zh}", f"Line {line}: {words.en}")
        super().__init__(words.en)
        self.words, self.line, self.asks = words, line, asks


NOT_TEXT: Final = Words(
    "这不是文本文件（例如 PDF 或 Excel）。请在记录仪软件中导出为 CSV 后再上传。",
    "This is no text file (a PDF or an Excel file, perhaps). Export it as CSV in the logger's software.",
)
UNKNOWN_TEXT: Final = Words(
    "无法识别文件的字符编码。请以 UTF-8 导出。",
    "The file's character encoding is none that is known. Export it as UTF-8.",
)
NO_COLUMNS: Final = Words(
    "找不到“时间”列和“温度”列。请导出带表头的 CSV。",
    "No column of times and column of temperatures was found. Export a CSV with its header row.",
)
NO_READINGS: Final = Words(
    "文件中没有读数。如果记录仪确实没有数据，请使用“无数据”按钮。",
    "The file holds no readings. If the logger has none, use the button 'No data'.",
)
NO_UNIT: Final = Words(
    "文件未注明温度单位。请在下方选择单位。",
    "The file does not say in which unit its temperatures are. Choose it below.",
)
IN_FAHRENHEIT: Final = Words(
    "文件中的温度为华氏度（°F）。请以摄氏度导出，或在下方选择换算。",
    "The temperatures are in °F. Export the file in °C, or choose below to have them converted.",
)
NOT_IN_ORDER: Final = Words(
    "时间早于前一行，读数次序混乱。请重新导出文件。",
    "The time lies before that of the line above, so the readings are out of order. Export the file again.",
)
DAY_OR_MONTH: Final = Words(
    "无法区分日期中的日和月。请以“年-月-日”格式导出。",
    "Day and month cannot be told apart. Export the file with dates as year-month-day.",
)


def several_columns(names: list[str]) -> Words:
    return Words(
        f"文件有多个温度列（{'、'.join(names)}）。请只导出箱内探头的数据。",
        f"There are several columns of temperatures ({', '.join(names)}). Export only that of the probe in the box.",
    )


def no_time(text: str) -> Words:
    return Words(
        f"“{text}”不是日期和时间。请删除该行，或重新导出文件。",
        f"'{text}' is no date and time. Delete the line, or export the file again.",
    )


def no_temperature(text: str) -> Words:
    return Words(
        f"“{text}”不是温度。请删除该行，或重新导出文件。",
        f"'{text}' is no temperature. Delete the line, or export the file again.",
    )


def impossible(text: str) -> Words:
    return Words(
        f"温度 {text} 不可能出现。请检查记录仪及其单位。",
        f"A temperature of {text} is not possible. Check the logger and its unit.",
    )


def other_width(cells: int, columns: int) -> Words:
    return Words(
        f"该行有 {cells} 列，表头有 {columns} 列。如果小数点是逗号，请以分号分隔导出。",
        f"The line has {cells} cells, but the header {columns}. If decimals have commas, export with semicolons.",
    )
