# SPDX-License-Identifier: GPL-2.0-or-later
# A plot of figures as inline SVG: one line for each case, a dot for the value with its spread, a diamond for the
# reference. The scale is logarithmic where values lie far apart.
import html
import math

WIDTH, LABELS, RIGHT, ROW, BOTTOM = 1110, 250, 90, 24, 26
LEGEND = 30  # pixels above the lines, where there are references
LOGARITHMIC_FROM = 8  # largest by smallest value


def steps(low, high, logarithmic):
    """The marks of the scale."""
    if logarithmic:
        marks = [digit * 10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
                 for digit in (1, 2, 5)]
        inside = [mark for mark in marks if low <= mark <= high]
        return inside if len(inside) <= 9 else [mark for mark in inside if str('%e' % mark).startswith('1')]
    size = 10.0 ** math.floor(math.log10(high / 4))
    size *= next(factor for factor in (1, 2, 5, 10) if high / (size * factor) <= 6)
    return [size * index for index in range(int(high / size) + 1)]


def diamond(x, y, style):
    return '<path class="%s" stroke-width="2" d="M%.1f %.1fl6 6l-6 6l-6 -6z"/>' % (style, x, y - 6)


def dot_plot(figures, number, label, missed):
    """The figures have one unit. number(value) and label(figure) are texts, missed(figure) tells of a missed goal."""
    numbers = [figure[key] for figure in figures for key in ('value', 'low', 'high', 'reference_value')
               if figure.get(key) is not None]
    positive = [value for value in numbers if value > 0]
    if not positive:
        return ''
    logarithmic = len(positive) == len(numbers) and max(numbers) / min(numbers) >= LOGARITHMIC_FROM
    low, high = (min(numbers) / 1.25, max(numbers) * 1.25) if logarithmic else (0, max(numbers) * 1.08)
    references = list(dict.fromkeys(figure['reference'] for figure in figures if 'reference' in figure))
    top = LEGEND if references else 6
    height = top + ROW * len(figures) + BOTTOM

    def place(value):
        part = math.log(value / low) / math.log(high / low) if logarithmic else value / high
        return LABELS + part * (WIDTH - LABELS - RIGHT)
    parts = ['<svg viewBox="0 0 %d %d" role="img">' % (WIDTH, height)]
    x = LABELS
    for index, reference in enumerate(references):
        parts.append(diamond(x + 6, 12, 'reference%d' % (index % 2)))
        parts.append('<text class="soft" x="%d" y="16">%s</text>' % (x + 18, html.escape(reference)))
        x += 40 + 7 * len(reference)
    for mark in steps(low, high, logarithmic):
        parts.append('<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (place(mark), place(mark), top - 4,
                                                                                   height - BOTTOM + 2))
        parts.append('<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>' % (place(mark), height - 8,
                                                                                           '{:,.6g}'.format(mark)))
    for index, figure in enumerate(figures):
        y = top + ROW * index + ROW / 2
        style = 'missed' if missed(figure) else 'value'
        parts.append('<text x="%d" y="%.1f" text-anchor="end" class="%s">%s</text>' % (
            LABELS - 12, y + 4, 'missed' if missed(figure) else '', html.escape(label(figure))))
        parts.append('<line class="%s" stroke-width="3" stroke-opacity=".45" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>' %
                     (style, place(figure['low']), place(figure['high']), y, y))
        if figure.get('reference_value') is not None:
            parts.append(diamond(place(figure['reference_value']), y,
                                 'reference%d' % (references.index(figure['reference']) % 2)))
        parts.append('<circle class="%s" cx="%.1f" cy="%.1f" r="5"/>' % (style, place(figure['value']), y))
        parts.append('<text x="%d" y="%.1f" text-anchor="end" class="%s">%s</text>' % (
            WIDTH - 4, y + 4, 'missed' if missed(figure) else '', number(figure['value'])))
    return ''.join(parts) + '</svg>'
