'use strict';
// Draws the results in #data: {"runs": [report...], "comparison": [pair...]}. Every text of a server
// or of a file goes in as text, never as markup.
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const runs = data.runs;
  const colours = ['#2a78d6', '#d9622b', '#1f9d6b', '#a44fc4', '#b8860b', '#c93a6b', '#4d7f8c',
    '#7a5c3e'];
  const colour = (i) => colours[i % colours.length];
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const ink = dark ? '#e6e9ee' : '#1c2430';
  const grid = dark ? '#363d48' : '#e4e8ee';

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  function place(id) { return document.getElementById(id); }
  function nameOf(run, i) {
    const plain = (one) => one.name || one.label || one.options.url;
    const isShared = runs.filter((one) => plain(one) === plain(run)).length > 1;
    return plain(run) + (isShared ? ' (' + (i + 1) + ')' : '');
  }
  function number(value) {
    if (value === null || !isFinite(value)) return '-';
    if (value === 0) return '0';
    if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
    return String(Number(value.toPrecision(3)));
  }
  function scaled(value, units) {
    for (const [factor, name] of units) {
      if (value >= factor) return number(value / factor) + ' ' + name;
    }
    const last = units[units.length - 1];
    return number(value / last[0]) + ' ' + last[1];
  }
  const bits = (bytes) => scaled(bytes * 8, [[1e9, 'Gbit/s'], [1e6, 'Mbit/s'], [1e3, 'kbit/s'],
    [1, 'bit/s']]);
  const size = (bytes) => scaled(bytes, [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB'], [1, 'B']]);
  const time = (ns) => scaled(ns, [[1e9, 's'], [1e6, 'ms'], [1e3, 'us'], [1, 'ns']]);

  function table(target, title, head, rows) {
    if (rows.length === 0) return;
    target.append(element('h2', title));
    const box = element('div', undefined, 'scroll');
    const node = element('table');
    const headRow = element('tr');
    for (const cell of head) headRow.append(element('th', cell));
    const thead = element('thead');
    thead.append(headRow);
    const body = element('tbody');
    for (const row of rows) {
      const line = element('tr');
      for (const cell of row) {
        const isPair = Array.isArray(cell);
        line.append(element('td', isPair ? cell[0] : cell, isPair ? cell[1] : ''));
      }
      body.append(line);
    }
    node.append(thead, body);
    box.append(node);
    target.append(box);
  }

  // An axis that begins elsewhere makes noise look like a difference.
  const fromZero = { range: (chart, min, max) => [0, max > 0 ? max * 1.05 : 1] };

  // One plot in a box that follows the width of the screen.
  function plot(target, title, x, series, options) {
    const box = element('div', undefined, 'plot');
    box.append(element('h2', title));
    const room = element('div');
    box.append(room);
    place(target).append(box);
    const axis = (extra) => Object.assign({ stroke: ink, grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1 } }, extra);
    const height = 260;
    const chart = new uPlot({
      width: Math.max(260, room.clientWidth), height,
      legend: { live: true },
      cursor: { drag: { x: true, y: false } },
      scales: { x: Object.assign({ time: false }, options.x), y: options.y || fromZero },
      axes: [axis({ values: options.xValues, splits: options.xSplits }),
        axis({ size: 88, values: options.yValues })],
      series: [{ label: options.xLabel, value: options.xValue }].concat(series.map((one) => ({
        label: one.label, stroke: one.colour, width: 1.6, dash: one.dash, points: { show: false },
        spanGaps: false,
        value: (chart, value) => value === null ? '-' : options.yValue(value) }))),
    }, [x].concat(series.map((one) => one.values)), room);
    let width = 0;
    new ResizeObserver(() => {
      if (room.clientWidth !== width && room.clientWidth > 0) {
        width = room.clientWidth;
        // Not within the observer's own turn, which would count as a loop.
        requestAnimationFrame(() => chart.setSize({ width, height }));
      }
    }).observe(room);
  }

  // The values of one column of the seconds, all runs on the same clock.
  const columns = ['bytes', 'actions', 'errors', 'p50', 'p99', 'sessions'];
  const longest = Math.max(0, ...runs.map((run) => run.seconds.rows.length));
  const clock = Array.from({ length: longest }, (unused, i) => i + 1);
  function column(run, name, skipIdle) {
    const at = columns.indexOf(name);
    return clock.map((unused, i) => {
      const row = run.seconds.rows[i];
      return row === undefined || (skipIdle && row[1] === 0) ? null : row[at];
    });
  }
  function overTime(title, names, show, skipIdle, y) {
    if (longest < 2) return;
    const series = [];
    runs.forEach((run, i) => names.forEach((name, n) => series.push({
      label: (runs.length > 1 ? nameOf(run, i) + ' ' : '') + name,
      colour: runs.length > 1 ? colour(i) : colour(n), dash: n > 0 ? [6, 4] : undefined,
      values: column(run, name, skipIdle).map((v) => y && y.distr === 3 && v === 0 ? null : v) })));
    if (series.every((one) => one.values.every((value) => !value))) return;
    plot('plots', title, clock, series, { xLabel: 'second', y, yValue: show,
      yValues: (chart, ticks) => ticks.map((tick) => tick === null ? '' : show(tick)) });
  }

  function percentileOf(histogram, fraction) {
    const rank = Math.max(1, Math.ceil(fraction * histogram.count - 1e-6));
    let seen = 0;
    for (const [lowest, count] of histogram.buckets) {
      seen += count;
      if (seen >= rank) return Math.min(histogram.max_ns, Math.max(histogram.min_ns, lowest));
    }
    return histogram.max_ns;
  }
  // x = the number of nines, so that the tail has as much room as the middle.
  function percentileCurve() {
    const nines = Array.from({ length: 101 }, (unused, i) => i / 20);
    const share = (x) => Number((100 * (1 - Math.pow(10, -x))).toFixed(Math.max(0, x - 1))) + '%';
    const series = runs.map((run, i) => {
      const histogram = run.histograms.action;
      return { label: nameOf(run, i), colour: colour(i), values: nines.map((x) =>
        histogram && histogram.count * Math.pow(10, -x) >= 1
          ? percentileOf(histogram, 1 - Math.pow(10, -x)) || null : null) };
    });
    if (series.every((one) => one.values.every((value) => value === null))) return;
    plot('plots', 'Latency of an action by percentile', nines, series, { xLabel: 'percentile',
      xValue: (chart, x) => x === null ? '-' : share(x), xSplits: () => [0, 1, 2, 3, 4],
      xValues: (chart, ticks) => ticks.map(share), y: { distr: 3 }, yValue: time,
      yValues: (chart, ticks) => ticks.map((tick) => tick === null ? '' : time(tick)) });
  }

  // Shares of values by time, four bins to a power of two.
  function distribution(step) {
    const parts = 4;
    const binOf = (ns) => Math.floor(Math.log2(Math.max(1, ns)) * parts);
    const bins = runs.map((run) => {
      const shares = new Map();
      const histogram = run.histograms[step];
      for (const [lowest, count] of histogram ? histogram.buckets : []) {
        const bin = binOf(lowest);
        shares.set(bin, (shares.get(bin) || 0) + 100 * count / histogram.count);
      }
      return shares;
    });
    const used = bins.flatMap((shares) => Array.from(shares.keys()));
    if (used.length === 0) return;
    const first = used.reduce((a, b) => Math.min(a, b)) - 1;
    const last = used.reduce((a, b) => Math.max(a, b)) + 1;
    const grid = Array.from({ length: last - first + 1 }, (unused, i) => first + i);
    plot('plots-steps', title(step), grid, runs.map((run, i) => ({ label: nameOf(run, i),
      colour: colour(i), values: grid.map((bin) => bins[i].get(bin) || 0) })), {
      xLabel: 'time', xValue: (chart, bin) => bin === null ? '-' : time(Math.pow(2, bin / parts)),
      xValues: (chart, ticks) => ticks.map((tick) => time(Math.pow(2, tick / parts))),
      yValue: (value) => number(value) + ' %',
      yValues: (chart, ticks) => ticks.map((tick) => number(tick) + ' %') });
  }
  const title = (name) => name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, ' ');

  // The head, the warnings and the tables.
  place('what').textContent = runs.map((run, i) => nameOf(run, i) + ': ' + run.options.scenario +
    ', ' + run.options.url + ', ' + number(run.options.sessions) + ' sessions, ' +
    number(run.totals.measured_seconds) + ' s').join(' · ');
  document.title = runs.map((run) => run.name || run.label || run.options.scenario).join(', ') +
    ' - sluice-load';
  runs.forEach((run, i) => {
    if (run.generator.warning) {
      place('warnings').append(element('p', nameOf(run, i) + ': ' + run.generator.warning +
        '. These numbers are not the limit of the server.', 'note bad'));
    }
    for (const one of run.requirements) {
      if (!one.met) {
        place('warnings').append(element('p', nameOf(run, i) + ': required ' + one.text +
          ', but it was ' + one.actual, 'note bad'));
      }
    }
  });
  for (const pair of data.comparison) {
    const word = (says) => says === 'better' || says === 'worse' ? says : '';
    table(place('comparison'), pair.other + ' against ' + pair.base,
      ['', pair.base, pair.other, 'ratio', '95 % interval', ''],
      pair.rows.map((row) => [row.name, row.base, row.other, row.ratio.toFixed(3),
        row.high > 0 ? row.low.toFixed(3) + ' to ' + row.high.toFixed(3) : 'not known',
        [row.says, word(row.says)]]));
    place('comparison').append(element('p', pair.verdict, 'note'));
    for (const note of pair.notes) place('comparison').append(element('p', note, 'note'));
  }
  // Files of older versions know nothing of TLS.
  const isSecure = (run) => run.options.tls !== undefined && run.options.tls !== 'off';
  const handshakes = (run, which) => !isSecure(run) ? '-'
    : number(run.totals['tls_' + which + '_full']) + ' full, ' +
      number(run.totals['tls_' + which + '_resumed']) + ' resumed';
  table(place('totals'), 'Totals', [''].concat(runs.map(nameOf)), [
    ['Throughput', (run) => bits(run.totals.throughput_bytes_per_second)],
    ['Actions a second', (run) => number(run.totals.actions_per_second)],
    ['Actions done', (run) => number(run.totals.actions_done)],
    ['Begun late', (run) => number(run.totals.actions_late)],
    ['Logins', (run) => number(run.totals.logins)],
    ['Received', (run) => size(run.totals.bytes_received)],
    ['Sent', (run) => size(run.totals.bytes_sent)],
    ['TLS handshakes, control', (run) => handshakes(run, 'control')],
    ['TLS handshakes, data', (run) => handshakes(run, 'data')],
    ['Errors', (run) => [number(run.totals.errors), run.totals.errors > 0 ? 'worse' : '']],
    ['Server cpu', (run) => run.server.known ? number(run.server.cpu_seconds) + ' s' : '-'],
    ['Server cpu each action', (run) => run.server.known && run.totals.actions_done > 0
      ? time(run.server.cpu_seconds * 1e9 / run.totals.actions_done) : '-'],
    ['Server memory', (run) => run.server.known ? size(run.server.resident_bytes) : '-'],
    ['Server memory each session', (run) => run.server.bytes_per_session > 0
      ? size(run.server.bytes_per_session) : '-'],
    ['Generator cpu', (run) => number(run.generator.cpu_share * 100) + ' % of a core'],
  ].map(([name, of]) => [name].concat(runs.map(of))));

  overTime('Throughput', ['bytes'], bits);
  overTime('Actions a second', ['actions'], number);
  overTime('Latency of an action', ['p50', 'p99'], time, true, { distr: 3 });
  percentileCurve();
  overTime('Sessions', ['sessions'], number);
  overTime('Errors', ['errors'], number);

  const steps = ['action', 'connect', 'tls_control', 'banner', 'login', 'setup', 'data_connect',
    'tls_data', 'first_byte', 'last_byte', 'final_reply'];
  const stepRows = [];
  for (const step of steps) {
    runs.forEach((run, i) => {
      const h = run.histograms[step];
      if (!h) return;
      stepRows.push([title(step) + (runs.length > 1 ? ', ' + nameOf(run, i) : ''),
        number(h.count), time(h.mean_ns), time(h.p50_ns), time(h.p90_ns), time(h.p99_ns),
        time(h.p999_ns), time(h.max_ns)]);
    });
    distribution(step);
  }
  table(place('steps'), 'Steps', ['', 'count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'], stepRows);

  const seen = (field) => Array.from(new Set(runs.flatMap((run) => Object.entries(run[field])
    .filter(([name, count]) => count > 0).map(([name]) => name)))).sort();
  const counts = (field) => seen(field).map((name) => [name].concat(
    runs.map((run) => number(run[field][name] || 0))));
  table(place('troubles'), 'Errors', [''].concat(runs.map(nameOf)), counts('errors'));
  table(place('troubles'), 'Replies', [''].concat(runs.map(nameOf)), counts('replies'));
  table(place('machine'), 'Where', [''].concat(runs.map(nameOf)), [
    ['Began', (run) => new Date(run.began_unix_ms).toISOString()],
    ['Tool', (run) => run.tool],
    ['Kernel', (run) => run.environment.kernel],
    ['Processor', (run) => run.environment.processor],
    ['Cores allowed', (run) => number(run.environment.cores)],
    ['Loopback', (run) => run.environment.loopback ? 'yes' : 'no'],
    ['Server', (run) => run.environment.banner],
    ['Loop', (run) => run.options.arrivals],
    ['Data connections', (run) => run.options.data],
    ['TLS', (run) => !isSecure(run) ? 'off' : [run.options.tls, run.tls.version, run.tls.cipher,
      run.options.data_protected ? 'data private' : 'data clear',
      run.options.tls_authorities ? 'certificate checked' : 'certificate not checked']
      .filter((word) => word).join(', ')],
    ['Bytes checked', (run) => run.options.verify ? 'yes' : 'no'],
    ['Seed', (run) => String(run.options.seed)],
  ].map(([name, of]) => [name].concat(runs.map(of))));
})();
