# SPDX-License-Identifier: GPL-2.0-or-later
# Shows the figures of a run: as lines of text, and as a page with tables and plots that needs nothing else.
import html
import math
import re

import others
from plot import dot_plot

# heading, the figures under it, what they are
SECTIONS = (
    ('Reading and writing the tree', ('handle_read', 'path_lookup', 'row_read', 'row_write'),
     'One value by a handle, one value by its full path, and a whole row of 20 counters, in trees of 1,000, 100,000 and '
     '1,000,000 parameters. Handles are read in tree order, or at random. LMDB holds the same names and values and is '
     'read in one long transaction; the tmpfs file holds the same values at known places.'),
    ('Encoding an answer', ('encode',),
     'A GetParameterValuesResponse of the whole tree with new values each time, written into a buffer of the size that '
     'is sent. Beside memcpy of the finished bytes into the same buffer, and xmlTextWriter with the same values. Cold: '
     'the caches held other data before.'),
    ('Sending an answer', ('send', 'answer_memory'),
     'CPU time of the agent, from the arrival of GetParameterValues to the last byte of its answer over loopback, beside '
     'a program that answers the same request to the same peer with one send() of the finished bytes. And how much the '
     'agent\'s private memory grows while it answers for the whole tree with a million parameters. Over TLS the other '
     'program is one that gives the finished bytes to wolfSSL.'),
    ('A session', ('session_cpu', 'session_time', 'session_names', 'session_values', 'session_request_to_inform',
                   'session_system_calls'),
     'Connection request, Inform, GetParameterNames and GetParameterValues of the whole tree, GetParameterValues of 20 '
     'names and one SetParameterValues, between the agent and espalier-acs over loopback. Times are the agent\'s CPU '
     'time, and wall times as the ACS sees them. The agent\'s own parameters, with the table of all processes, come on '
     'top of those that are counted.'),
    ('TLS', ('tls_connection', 'tls_resumption', 'tls_longest', 'tls_records'),
     'CPU time of the agent\'s TLS code for a connection in which it gets a small page, beside "openssl s_time" with the same '
     'server; a resumed connection beside a full one; the longest of the calls into the library in one connection, which the '
     'agent\'s ring has to wait for; and CPU time to encrypt and send a MiB, beside "openssl s_client".'),
    ('A connection request', ('connect', 'connect_99th'),
     'From the request leaving espalier-acs to the Inform arriving there, through a router in network namespaces: the median '
     'and the 99th percentile of 1,000. Beside a plain exchange of as many messages of the same sizes over the same path, between '
     'two programs that do nothing else. http: GET, 401, GET with Digest, 200, Inform; mapping: the same through a forwarded port; '
     'udp: three copies of a datagram through a NAT, Inform.'),
    ('Idle', ('idle',),
     'How often any thread of the agent ran in 60 s after its first session, with no timer due, while a collector '
     'changed all values of the tree each second.'),
    ('Memory', ('agent_memory', 'agent_memory_pss', 'agent_memory_program', 'agent_memory_shared', 'collector_memory'),
     'Of the agent after the sessions, and of espalier-netlink with 16 interfaces: memory that nobody else has and that '
     'cannot be dropped (anonymous memory and changed pages), the proportional set size, pages of program files that '
     'only this process has mapped, and what it shares with others: libraries and the tree.'),
    ('Collecting', ('collect',),
     'CPU time of espalier-netlink for one interval with 1,000 and 10,000 interfaces in a network namespace, beside one '
     'bare RTM_GETSTATS dump there, right after it.'),
    ('Reading a home', ('zwave_publish', 'zwave_memory', 'zwave_event'),
     'A state of a Z-Wave JS server with 5, 50, 200 and 2,000 nodes of 12 values, in pieces as a socket gives them, until all '
     'rows are published; beside json-c\'s own parse of the same pieces into one document, which publishes nothing. And the '
     'time from the bytes of a value event to the value in the tree.'),
)

STYLE = '''
:root { --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --paper: #fff; --back: #f4f6f8; --value: #1f6feb;
  --bad: #c62828; --good: #1b7f3b; --reference: #d97706; --other: #7c5cbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --soft: #98a4b3; --line: #313a45; --paper: #171c22;
  --back: #0f1317; --value: #58a6ff; --bad: #ff6b6b; --good: #4ac26b; --reference: #f0a13a; --other: #b39ddb; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 0 0 6px; } h3 { font-size: 15px; margin: 22px 0 4px; }
p { margin: 6px 0 10px; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
section, header { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px;
  margin-bottom: 18px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 8px 0 4px; }
th { text-align: left; color: var(--soft); font-weight: 600; } td, th { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.missed td { color: var(--bad); font-weight: 600; } tr.ours td { font-weight: 600; color: var(--value); }
.count { display: inline-block; margin: 8px 26px 4px 0; } .count b { font-size: 26px; display: block; line-height: 1.1; }
svg { display: block; width: 100%; height: auto; margin: 6px 0; } svg text { fill: var(--ink); font: 12.5px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .grid { stroke: var(--line); } svg .value { fill: var(--value); stroke: var(--value); }
svg .missed { fill: var(--bad); stroke: var(--bad); } svg text.missed { stroke: none; fill: var(--bad); font-weight: 600; }
svg .reference0 { fill: var(--paper); stroke: var(--reference); } svg .reference1 { fill: var(--paper); stroke: var(--other); }
'''


def number(value):
    """Three digits, thousands apart."""
    if value is None:
        return ''
    if value == 0 or abs(value) >= 100:
        return '{:,.0f}'.format(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return ('%.*f' % (digits, value))


def ratio_text(ratio):
    """A ratio as people say it: 1.45, or 1/280."""
    return '1/%s' % number(1 / ratio) if 0 < ratio < 0.1 else number(ratio)


def case_text(figure):
    """The case, with a size that can be read."""
    return re.sub(r'^\d{4,}', lambda match: '{:,}'.format(int(match[0])), figure['case'])


def goal_text(figure):
    def fraction(match):
        goal = float(match[1])
        return 'ratio ≤ ' + ('1/%g' % round(1 / goal) if goal < 0.1 else '%g' % goal)
    return re.sub(r'ratio <= ([0-9.e-]+)', fraction, figure.get('goal', '')).replace('<=', '≤')


def missed(figure):
    return figure.get('met') is False


def summary(figures):
    """How many figures and goals there are, in a few words."""
    with_goal = [figure for figure in figures if 'goal' in figure]
    return '%d figures, %d of %d goals met, %d not taken' % (
        len(figures), len([figure for figure in with_goal if not missed(figure)]), len(with_goal),
        len([figure for figure in figures if figure['value'] is None]))


def value_text(figure):
    """The value, its spread, and its ratio."""
    text = '%s %s' % (number(figure['value']), figure['unit'])
    if figure['runs'] > 1:
        text += ' (%s to %s)' % (number(figure['low']), number(figure['high']))
    if 'ratio' in figure:
        text += ', %s of %s' % (ratio_text(figure['ratio']), figure['reference'])
    return text


def line(figure):
    """One figure as a line of text."""
    text = '%s %s: ' % (figure['name'], case_text(figure))
    if figure['value'] is None:
        return text + 'not taken: ' + figure['why']
    text += value_text(figure)
    if 'goal' in figure:
        text += ', goal %s: %s' % (goal_text(figure), 'MISSED' if missed(figure) else 'met')
    if 'beside' in figure:
        text += '; ' + figure['beside']
    return text


def cell(text, style=''):
    return '<td%s>%s</td>' % (' class="%s"' % style if style else '', html.escape(str(text)))


def table(figures, names):
    """The figures of one section, those of one name together."""
    rows = []
    for figure in sorted(figures, key=lambda figure: names.index(figure['name'])):
        cells = cell(figure['name']) + cell(case_text(figure))
        if figure['value'] is None:
            rows.append('<tr>%s<td colspan="5" class="soft">not taken: %s</td></tr>' %
                        (cells, html.escape(figure['why'])))
            continue
        spread = '%s – %s' % (number(figure['low']), number(figure['high'])) if figure['runs'] > 1 else ''
        cells += cell('%s %s' % (number(figure['value']), figure['unit']), 'number') + cell(spread, 'number')
        references = ['%s: %s' % (figure['reference'], number(figure['reference_value']))] if 'ratio' in figure else []
        cells += cell('; '.join(references + ([figure['beside']] if 'beside' in figure else [])))
        cells += cell(ratio_text(figure['ratio']) if 'ratio' in figure else '', 'number')
        verdict = '%s: %s' % (goal_text(figure), 'misses its goal' if missed(figure) else 'met') if 'goal' in figure else ''
        rows.append('<tr%s>%s%s</tr>' % (' class="missed"' if missed(figure) else '', cells, cell(verdict)))
    return ('<div class="scroll"><table><tr><th>figure</th><th>case</th><th class="number">median</th>'
            '<th class="number">low – high</th><th>reference: its median</th><th class="number">ratio</th><th>goal</th>'
            '</tr>%s</table></div>' % ''.join(rows))


def plots(figures):
    """One plot for each figure that has several cases."""
    drawn = []
    for name, unit in dict.fromkeys((figure['name'], figure['unit']) for figure in figures):
        rows = [figure for figure in figures
                if (figure['name'], figure['unit']) == (name, unit) and figure['value'] is not None]
        picture = dot_plot(rows, number, case_text, missed) if len(rows) > 1 else ''
        if picture:
            drawn.append('<h3>%s, %s</h3>%s' % (html.escape(name), html.escape(unit), picture))
    return ''.join(drawn)


def comparison(figures):
    """Other agents' figures beside the sessions of this run."""
    measured = {(figure['name'], figure['case']): figure['value'] for figure in figures if figure['value'] is not None}
    rows = []
    for case in [case for name, case in measured if name == 'session_time']:
        values = [measured.get((name, case)) for name, _ in others.OURS]
        values = [value and value / divisor for value, (_, divisor) in zip(values, others.OURS)]
        rows.append(('ours', ('Espalier, this run', int(case)) + tuple(values)))
    rows += [('', row) for row in others.ROWS]
    body = ''.join('<tr class="%s">%s%s</tr>' % (style, cell(row[0]) + cell('{:,}'.format(row[1]), 'number'), ''.join(
        cell(number(value), 'number') for value in row[2:])) for style, row in sorted(rows, key=lambda row: row[1][1]))
    head = '<th>%s</th>' % others.COLUMNS[0] + ''.join('<th class="number">%s</th>' % c for c in others.COLUMNS[1:])
    return ('<h3>Beside other agents</h3><p class="soft">%s</p><div class="scroll"><table><tr>%s</tr>%s</table></div>' %
            (html.escape(others.SOURCE), head, body))


def header(results):
    figures = results['figures']
    with_goal = [figure for figure in figures if 'goal' in figure]
    bad = [figure for figure in with_goal if missed(figure)]
    absent = [figure for figure in figures if figure['value'] is None]
    counts = [(len(figures), 'figures', ''), (len(with_goal) - len(bad), 'goals met', 'good'),
              (len(bad), 'goals missed', 'bad' if bad else ''), (len(absent), 'not taken', 'bad' if absent else '')]
    text = '<header><h1>Espalier benchmarks</h1><p class="soft">commit %s, %s</p>' % (
        html.escape(results['commit']), html.escape(results['date']))
    text += ''.join('<span class="count %s"><b>%d</b>%s</span>' % (style, count, what) for count, what, style in counts)
    for figure in bad:
        text += '<p class="bad"><b>%s</b> misses its goal, %s: %s</p>' % tuple(html.escape(part) for part in (
            '%s %s' % (figure['name'], case_text(figure)), goal_text(figure), value_text(figure)))
    text += '<table>%s</table>' % ''.join('<tr><th>%s</th>%s</tr>' % (html.escape(key), cell(value))
                                          for key, value in results['machine'].items())
    return text + ('<p class="soft">Each value is the median of its runs. Value and reference were measured in turn, in '
                   'this run; a ratio below one says that the value is smaller than its reference. In the plots a dot is '
                   'the median, its line reaches from the 10th to the 90th percentile (low and high in the tables), and a '
                   'diamond is the reference.'
                   '</p></header>')


def page(results):
    """The whole report."""
    text = header(results)
    shown = set()
    for heading, names, what in SECTIONS:
        figures = [figure for figure in results['figures'] if figure['name'] in names]
        if figures:
            shown.update(names)
            text += '<section><h2>%s</h2><p class="soft">%s</p>%s%s%s</section>' % (
                heading, html.escape(what), plots(figures), table(figures, names),
                comparison(results['figures']) if 'session_time' in names else '')
    rest = [figure for figure in results['figures'] if figure['name'] not in shown]
    if rest:
        text += '<section><h2>Others</h2>%s</section>' % table(rest, [figure['name'] for figure in rest])
    return ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Espalier benchmarks</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><style>%s</style></head>'
            '<body><main>%s</main></body></html>\n' % (STYLE, text))
