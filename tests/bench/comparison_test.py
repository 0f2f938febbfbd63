#!/usr/bin/python3
"""The parts of bench/compare that measure nothing: figures, ratios, the page, its plots.

sample.json is a result file made by hand: in its second round the machine is half as fast, vsftpd
has no MLSD, pyftpdlib beats sluice in NOOP, and ProFTPD was not there.
"""

import contextlib
import io
import os
import re
import runpy
import shutil
import sys
import tempfile
import tomllib
import types
import unittest
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, '..', '..', 'bench')
sys.path.insert(0, BENCH)
from comparison import check, figures, page, result, run, scenarios, svg  # noqa: E402

SAMPLE = os.path.join(HERE, 'sample.json')


def one_run(**more):
    return {'scenario': 'a', 'server': 'vsftpd', 'round': 1, 'seconds': 2.0, 'operations': 1000,
            'bytes': 4_000_000_000, 'cpu_seconds': 1.0, 'errors': {}, 'steps': {}, **more}


def result_of(runs, unit='operation', metrics=('cpu', 'speed')):
    return {'runs': runs, 'scenarios': {'a': {'unit': unit, 'metrics': list(metrics)}}}


def runs_of(server, cpus, **more):
    return [one_run(server=server, round=number + 1, cpu_seconds=cpu, **more)
            for number, cpu in enumerate(cpus)]


class Spreads(unittest.TestCase):
    def test_a_spread_is_median_least_and_greatest(self):
        made = figures.spread([3, 1, 2, None, 10])
        self.assertEqual((made.low, made.mid, made.high, made.count), (1, 2.5, 10, 4))

    def test_nothing_measured_has_no_spread(self):
        self.assertIsNone(figures.spread([]))
        self.assertIsNone(figures.spread([None]))

    def test_a_drift_of_the_machine_is_in_no_ratio(self):
        ratio = figures.ratio(result_of(runs_of('vsftpd', [2, 4, 8]) +
                                        runs_of('sluice-io_uring', [1, 2, 4])),
                              'a', 'vsftpd', 'cpu', 'sluice-io_uring')
        self.assertEqual((ratio.low, ratio.mid, ratio.high), (2, 2, 2))

    def test_only_rounds_that_both_have_are_compared(self):
        made = runs_of('vsftpd', [2, 4]) + runs_of('sluice-io_uring', [1, 1])
        made[1]['failed'] = 'the server ended by itself with -11'
        ratio = figures.ratio(result_of(made), 'a', 'vsftpd', 'cpu', 'sluice-io_uring')
        self.assertEqual((ratio.mid, ratio.count), (2, 1))
        made[0]['failed'] = 'too'
        self.assertIsNone(figures.ratio(result_of(made), 'a', 'vsftpd', 'cpu', 'sluice-io_uring'))


class Values(unittest.TestCase):
    def test_cpu_and_speed_count_operations_or_bytes(self):
        made = one_run()
        self.assertEqual(figures.value(made, 'cpu', 'operation'), 0.001)
        self.assertEqual(figures.value(made, 'cpu', 'GB'), 0.25)
        self.assertEqual(figures.value(made, 'speed', 'operation'), 500)
        self.assertEqual(figures.value(made, 'speed', 'GB'), 2)

    def test_a_run_with_many_errors_has_no_figures(self):
        self.assertIsNotNone(figures.value(one_run(errors={'data_reset': 10}), 'cpu', 'GB'))
        self.assertIsNone(figures.value(one_run(errors={'data_reset': 11}), 'cpu', 'GB'))

    def test_the_p99_of_a_few_is_none(self):
        for count, wanted in ((99, None), (100, 7)):
            made = one_run(steps={'action': {'count': count, 'p99_ns': 7}})
            self.assertEqual(figures.value(made, 'p99', 'operation'), wanted)

    def test_a_run_without_work_has_no_figures(self):
        self.assertIsNone(figures.value(one_run(operations=0), 'cpu', 'operation'))
        self.assertIsNone(figures.value(one_run(seconds=0), 'speed', 'operation'))

    def test_figures_are_said_with_their_units(self):
        for figure, metric, unit, wanted in (
                (0.0000456, 'cpu', 'operation', '45.6 us'), (0.123, 'cpu', 'GB', '0.12 s/GB'),
                (123456.7, 'speed', 'operation', '123,457/s'),
                (3.4, 'speed', 'operation', '3.40/s'),
                (0.0131, 'speed', 'GB', '13.1 MB/s'), (5.5, 'speed', 'GB', '5.50 GB/s'),
                (1_500_000, 'p99', 'GB', '1.50 ms'), (2560, 'memory', '', '2.50 KiB')):
            self.assertEqual(figures.figure_text(figure, metric, unit), wanted)


class Losses(unittest.TestCase):
    def losses(self, vsftpd, sluice, **more):
        made = result_of(runs_of('vsftpd', vsftpd) + runs_of('sluice-io_uring', sluice), **more)
        return [(loss.metric, loss.certain) for loss in figures.losses(made)]

    def test_a_peer_that_is_better_in_every_round_is_told_as_certain(self):
        self.assertEqual(self.losses([1, 1], [2, 1.5], metrics=('cpu',)), [('cpu', True)])

    def test_within_the_spread_is_told_as_such(self):
        self.assertEqual(self.losses([1, 1, 3], [2, 2, 2], metrics=('cpu',)), [('cpu', False)])

    def test_one_round_proves_nothing(self):
        self.assertEqual(self.losses([1], [2], metrics=('cpu',)), [('cpu', False)])

    def test_where_sluice_is_better_nothing_is_told(self):
        self.assertEqual(self.losses([2, 2], [1, 1]), [])

    def test_more_throughput_is_better(self):
        made = result_of(runs_of('vsftpd', [1, 1], operations=3000) +
                         runs_of('sluice-io_uring', [1, 1]), metrics=('speed',))
        self.assertEqual([loss.ratio.mid for loss in figures.losses(made)], [3])
        made = result_of(runs_of('vsftpd', [1, 1]) +
                         runs_of('sluice-io_uring', [1, 1], operations=3000), metrics=('speed',))
        self.assertEqual(figures.losses(made), [])

    def test_the_floors_are_no_peers(self):
        made = result_of(runs_of('baseline-epoll', [1, 1]) + runs_of('sluice-io_uring', [2, 2]))
        self.assertEqual(figures.losses(made), [])

    def test_the_worst_comes_first_and_certain_before_uncertain(self):
        made = result_of(runs_of('vsftpd', [1, 1]) + runs_of('proftpd', [1.5, 1.5]) +
                         runs_of('pyftpdlib', [0.1, 3]) + runs_of('sluice-io_uring', [2, 2]),
                         metrics=('cpu',))
        self.assertEqual([loss.server for loss in figures.losses(made)],
                         ['vsftpd', 'proftpd', 'pyftpdlib'])

    def test_a_bound_generator_is_noted_beside_throughput_alone(self):
        made = result.read(SAMPLE)
        notes = figures.notes_of(made, 'bulk-1', 'speed', 'vsftpd', 'sluice-io_uring')
        self.assertEqual(notes, ['the generator was the bottleneck of sluice-io_uring'])
        self.assertEqual(figures.notes_of(made, 'bulk-1', 'cpu', 'vsftpd', 'sluice-io_uring'), [])

    def test_far_from_the_floor_is_told_by_engine(self):
        made = result.read(SAMPLE)
        found = [(row[0], row[1], row[2], round(row[3].mid, 2))
                 for row in figures.behind_floor(made)]
        self.assertEqual(found, [('idle', 'memory', 'sluice-io_uring', 1.67),
                                 ('bulk-1', 'cpu', 'sluice-io_uring', 1.33),
                                 ('noop', 'cpu', 'sluice-io_uring', 1.25)])

    def test_what_failed_is_named_with_its_error(self):
        self.assertEqual(figures.failures(result.read(SAMPLE)),
                         [('mlsd-1k', 'vsftpd', 'not supported: 500 Unknown command.'),
                          ('mlsd-1k', 'pyftpdlib', 'errors: 30 reply_timeout')])


class Windows(unittest.TestCase):
    def results(self, warmup_ns):
        steps = {name: {'min_ns': 1_000_000} for name in ('connect', 'banner', 'login', 'action')}
        return {'began_unix_ms': 1000, 'options': {'warmup_ns': warmup_ns}, 'histograms': steps,
                'totals': {'measured_seconds': 0.5}}

    def test_the_warm_up_is_not_in_the_window(self):
        self.assertEqual(run.window_of(self.results(200_000_000)), (1_200_000_000, 1_700_000_000))

    def test_without_a_warm_up_logging_in_is_not_in_the_window(self):
        self.assertEqual(run.window_of(self.results(0)), (1_003_000_000, 1_500_000_000))

    def test_a_value_between_two_samples_lies_on_the_line(self):
        times, values = [100, 200, 400], [10, 20, 20]
        for moment, wanted in ((0, 10), (100, 10), (150, 15), (200, 20), (300, 20), (900, 20)):
            self.assertEqual(run.at(times, values, moment), wanted)

    def test_a_run_that_did_nothing_says_why(self):
        server = types.SimpleNamespace(process=types.SimpleNamespace(poll=lambda: None))
        record = run.judge(one_run(operations=0, bytes=0, errors={'unexpected_reply': 4},
                                   replies={'230': 1, '500': 4}), server)
        self.assertEqual(record['failed'], 'nothing was done: 4 unexpected_reply (500)')
        self.assertNotIn('failed', run.judge(one_run(replies={}), server))
        server.process.poll = lambda: -11
        self.assertIn('ended by itself with -11', run.judge(one_run(replies={}), server)['failed'])


class Plots(unittest.TestCase):
    def draw(self, *bars):
        return xml.fromstring(svg.plot('T & <t>', [svg.Panel('CPU', [('a < b', list(bars))])]))

    def named(self, tree, tag, css):
        return [each for each in tree.iter('{http://www.w3.org/2000/svg}' + tag)
                if each.get('class') == css]

    def bars(self, tree, css):
        # The legend's squares are ten wide and ten high.
        return [(float(each.get('x')), float(each.get('width')))
                for each in self.named(tree, 'rect', css) if float(each.get('y')) > svg.TOP]

    def test_twice_and_half_are_equally_long(self):
        tree = self.draw(svg.Bar('x', 'peer', figures.spread([2]), ''),
                         svg.Bar('y', 'ahead', figures.spread([0.5]), ''))
        (one, twice), (left, half) = self.bars(tree, 'peer')[0], self.bars(tree, 'ahead')[0]
        self.assertAlmostEqual(twice, half, delta=0.2)
        self.assertAlmostEqual(left + half, one, delta=0.2)

    def test_a_whisker_reaches_from_the_least_to_the_greatest(self):
        tree = self.draw(svg.Bar('x', 'peer', figures.spread([1, 2, 4]), ''))
        (left, width), = self.bars(tree, 'peer')
        whisker = self.named(tree, 'line', 'whisker')[0]
        self.assertAlmostEqual(float(whisker.get('x1')), left, delta=0.2)
        self.assertAlmostEqual(float(whisker.get('x2')), left + 2 * width, delta=0.3)

    def test_what_is_missing_has_its_reason_and_no_bar(self):
        tree = self.draw(svg.Bar('x', 'peer', None, 'not supported'))
        self.assertEqual(self.bars(tree, 'peer'), [])
        texts = [each.text for each in tree.iter('{http://www.w3.org/2000/svg}text')]
        self.assertIn('not supported', texts)
        self.assertIn('a < b', texts)

    def test_everything_is_inside_and_ticks_do_not_touch(self):
        for high in (1.01, 3, 30, 500, 9000):
            axis = svg.Axis(svg.Panel('', [('', [svg.Bar('', 'peer', figures.spread(
                [0.01, high]), '')])]), 100, 300)
            ticks = [axis.x(tick) for tick in axis.ticks()]
            self.assertIn(axis.x(1), ticks)
            self.assertTrue(all(b - a >= svg.TICK_DISTANCE for a, b in zip(ticks, ticks[1:])))
            self.assertTrue(all(100 <= axis.x(x) <= 400 for x in (0.01, 1, high)))

    def test_both_colour_schemes_have_every_class(self):
        light, dark = svg.STYLE.split('@media (prefers-color-scheme: dark)')
        for css, _ in svg.LEGEND:
            self.assertIn('.' + css + ' {', light)
            self.assertIn('.' + css + ' {', dark)


class Page(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='sluice-page-test.')
        self.addCleanup(shutil.rmtree, self.folder)

    def text(self, name='README.md'):
        with open(os.path.join(self.folder, name), encoding='utf-8') as file:
            return file.read()

    def row(self, text, title, scenario):
        table = text.split('### ' + title, 1)[1].split('###', 1)[0]
        row = next(line for line in table.splitlines() if line.startswith(f'| `{scenario}`'))
        return [each.strip() for each in row.strip('|').split('|')]

    def test_the_page_of_a_stored_result(self):
        made = result.read(SAMPLE)
        written = page.write([('sample', made)], self.folder)
        text = self.text()
        self.assertEqual(self.row(text, 'CPU of the server', 'noop'),
                         ['`noop`', '15.0 us', '1.10 (1.10..1.10)', '0.80 (0.80..0.80)',
                          '4.00 (4.00..4.00)', '**0.50 (0.50..0.50)**'])
        self.assertEqual(self.row(text, 'CPU of the server', 'mlsd-1k')[2:],
                         ['not measured', 'no floor', 'not supported', 'failed'])
        self.assertEqual(self.row(text, 'Throughput', 'bulk-1')[1:5],
                         ['4.00 GB/sᵍ', 'not measured', '1.00 (1.00..1.00)ᵍ',
                          '1.00 (0.88..1.12)ᵍ'])
        self.assertEqual(self.row(text, 'Memory of an idle session, the kernel', 'idle')[4], '232')
        lost = text.split('### Where sluice loses')[1].split('###')[0]
        self.assertIn('`noop`, server CPU: pyftpdlib has 0.50 (0.50..0.50) of sluice\'s', lost)
        self.assertNotIn('idle', lost)
        self.assertIn('- ProFTPD was not measured: no proftpd (run bench/fetch_peers)', text)
        self.assertIn('- `mlsd-1k`, vsftpd: not supported: 500 Unknown command.', text)
        self.assertNotIn('quick run', text)
        self.assertEqual(sorted(re.findall(r'\]\((sample-[a-z]+\.svg)\)', text)),
                         [name for name in written if name.endswith('.svg')])
        for name in written:
            if name.endswith('.svg'):
                xml.fromstring(self.text(name))

    def test_report_only_makes_the_same_page_again(self):
        page.write([('sample', result.read(SAMPLE))], self.folder)
        first = {name: self.text(name) for name in os.listdir(self.folder)}
        again = os.path.join(self.folder, 'again')
        os.mkdir(again)
        path = shutil.copy(SAMPLE, again)
        status, said = compare('--report-only', path)
        self.assertEqual(status, 0, said)
        self.folder = again
        for name, text in first.items():
            self.assertEqual(self.text(name), text, name)

    def test_a_stopped_and_a_quick_run_say_so(self):
        made = result.read(SAMPLE)
        made['complete'], made['settings']['quick'] = False, True
        page.write([('sample', made)], self.folder)
        self.assertIn('quick run', self.text())
        self.assertIn('stopped before its end', self.text())

    def test_two_machines_have_a_section_each(self):
        made = result.read(SAMPLE)
        page.write([('one', made), ('two', made)], self.folder)
        self.assertEqual(self.text().count('### Where sluice loses'), 2)
        self.assertIn('(two-bulk.svg)', self.text())


class Files(unittest.TestCase):
    def test_the_name_of_a_machine_is_what_it_is_and_not_whose(self):
        for model, cores, wanted in (
                ('AMD EPYC', 2, 'amd-epyc-2-cores'),
                ('Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', 28, 'intel-xeon-e5-2680-v4-28-cores'),
                ('AMD Ryzen 9 5950X 16-Core Processor', 32, 'amd-ryzen-9-5950x-32-cores')):
            self.assertEqual(result.machine_name({'cpu': model, 'cpus': cores}), wanted)

    def test_no_place_of_this_machine_is_left(self):
        neutral = result.Neutral({'/a': '$SOURCE', '/a/build': '$BUILD', '/tmp/x': '$SCRATCH'})
        self.assertEqual(neutral.anything({'c': ['/a/build/b', ('/a/c', 1)], 't': 'x=/tmp/x/y'}),
                         {'c': ['$BUILD/b', ['$SOURCE/c', 1]], 't': 'x=$SCRATCH/y'})

    def test_what_is_written_is_read_again(self):
        with tempfile.TemporaryDirectory() as folder:
            made = result.read(SAMPLE)
            path = os.path.join(folder, 'x.json')
            result.write(made, path)
            self.assertEqual(result.read(path), made)
            self.assertEqual(os.listdir(folder), ['x.json'])

    def test_what_is_no_result_is_refused_by_name(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'x.json')
            for text in ('{', '[]', '{"schema": "sluice-load/1"}',
                         '{"schema": "sluice-compare/1"}'):
                with open(path, 'w', encoding='ascii') as file:
                    file.write(text)
                with self.assertRaisesRegex(result.Unreadable, 'x.json'):
                    result.read(path)
                self.assertEqual(compare('--report-only', path)[0], 2)

    def test_the_file_system_is_that_of_the_nearest_mount(self):
        self.assertEqual(result.file_system('/proc/self'), 'proc')


class Scenarios(unittest.TestCase):
    def test_every_scenario_can_be_prepared_and_checked(self):
        known = set(check.FILES) | set(check.LISTED) | {'big', 'cold'}
        for scenario in scenarios.SCENARIOS.values():
            self.assertLessEqual(set(scenario.served), known, scenario.name)
            self.assertIn(scenario.family, scenarios.FAMILIES)
            self.assertIn(scenario.root, ('disk', 'memory'))
            self.assertLessEqual(set(scenario.metrics), set(figures.METRICS))
            for need in scenario.needs:
                verb, _, folder = need.partition(' ')
                self.assertIn(verb, ('retr', 'stor', 'list', 'mlsd'))
                self.assertIn(folder, {'', *check.LISTED})
            if scenario.work:
                work = tomllib.loads(scenario.work)['work']
                self.assertTrue(all('action' in each for each in work))
            elif not scenario.name == scenarios.IDLE:
                self.assertTrue(scenario.action, scenario.name)

    def test_counted_runs_say_how_many(self):
        for quick in (False, True):
            for scenario in scenarios.SCENARIOS.values():
                words = scenario.words(scenarios.Sizes(quick))
                self.assertEqual('--transfers' in words, scenario.counted, scenario.name)

    def test_uploads_do_not_run_out_of_names(self):
        sizes = scenarios.Sizes(False)
        self.assertLessEqual(sizes.uploads_of_100_mib, scenarios.LARGE_UPLOADS)
        # One session may do all of them, and a warm-up of a second as well, at 10,000 a second.
        self.assertLessEqual(sizes.uploads_of_4_kib / 50 + 10_000 / 50, scenarios.UPLOAD_NAMES)

    def test_the_files_of_the_floor_list_as_many_entries(self):
        with tempfile.TemporaryDirectory() as folder:
            root = os.path.join(folder, 'root')
            check.make_files(root, {'list-100', 'file-4k'}, scenarios.Sizes(True))
            self.assertEqual(len(os.listdir(os.path.join(root, 'list-100'))), 100)
            for verb in ('LIST', 'MLSD'):
                with open(os.path.join(root, f'list-100.{verb}'), encoding='ascii',
                          newline='') as file:
                    lines = file.read().split('\r\n')
                self.assertEqual(len(lines), 101)
                self.assertTrue(lines[99].endswith(check.entry_name(99)))
            self.assertEqual(os.path.getsize(os.path.join(root, 'file-4k')), 4096)
            self.assertNotIn('big', os.listdir(root))


def compare(*words):
    """(exit status, output) of bench/compare in this process; for what measures nothing."""
    output = io.StringIO()
    before, sys.argv = sys.argv, [os.path.join(BENCH, 'compare'), *words]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            runpy.run_path(sys.argv[0], run_name='__main__')
    except SystemExit as end:
        return end.code or 0, output.getvalue()
    finally:
        sys.argv = before
    return 0, output.getvalue()


class Command(unittest.TestCase):
    def test_the_help_fits_a_screen(self):
        status, text = compare('--help')
        self.assertEqual(status, 0)
        lines = text.splitlines()
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        for name in scenarios.SCENARIOS:
            self.assertIn(name, text)

    def test_what_it_does_not_know_it_refuses(self):
        for words in (('--scenarios', 'noop,nope'), ('--peers', 'wu-ftpd'), ('--rounds', '0'),
                      ('--rounds', '101'), ('--cores', '0'), ('--cores', '0,100000')):
            status, text = compare(*words)
            self.assertEqual(status, 2, words)
            self.assertIn('compare: ', text)


if __name__ == '__main__':
    program = unittest.main(exit=False, argv=[sys.argv[0]])
    total, failed = program.result.testsRun, len(program.result.failures + program.result.errors)
    print(f'{total - failed} passed, {failed} failed', flush=True)
    sys.exit(1 if failed else 0)
