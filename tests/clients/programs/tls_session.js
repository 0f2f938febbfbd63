// Node's tls plays one FTPS session: HOST PORT CA fresh|reuse COUNT.
//
// COUNT files go up and come back, each over a data connection of its own. "fresh" makes a full
// handshake for each, as many packages do; "reuse" resumes with the newest ticket that came by any
// connection of the session. Written like those packages: FTP by hand over net and tls.
'use strict';
const fs = require('fs');
const net = require('net');
const tls = require('tls');

const [host, port, authority, method, count] = process.argv.slice(2);
const trust = { ca: fs.readFileSync(authority), servername: 'localhost' };
let session;

function secure(socket) {
    return new Promise((resolve, reject) => {
        const resumed = method === 'reuse' ? session : undefined;
        const over = tls.connect({ ...trust, socket, session: resumed });
        over.on('session', (ticket) => { session = ticket; });
        over.once('error', reject);
        over.once('secureConnect', () => resolve(over));
    });
}

function dial(where) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(where, host, () => resolve(socket));
        socket.once('error', reject);
    });
}

// Replies of one line, in order.
class Control {
    constructor(socket) { this.text = ''; this.take(socket); }
    take(socket) {
        this.socket = socket;
        socket.setEncoding('utf8');
        this.hear = (piece) => { this.text += piece; if (this.wake) { this.wake(); } };
        socket.on('data', this.hear);
        socket.on('close', () => { this.closed = true; if (this.wake) { this.wake(); } });
    }
    async reply(code) {
        let end;
        while ((end = this.text.indexOf('\r\n')) < 0) {
            if (this.closed) { throw new Error('closed instead of ' + code); }
            await new Promise((resolve) => { this.wake = resolve; });
        }
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 2);
        if (!line.startsWith(code)) { throw new Error('expected ' + code + ', got ' + line); }
        return line;
    }
    command(line, code) {
        this.socket.write(line + '\r\n');
        return this.reply(code);
    }
}

async function begin(control, command) {
    const where = /\|\|\|(\d+)\|/.exec(await control.command('EPSV', '229'))[1];
    const plain = await dial(Number(where));
    control.socket.write(command + '\r\n');
    const data = await secure(plain);
    if (method === 'reuse' && !data.isSessionReused()) { throw new Error('not resumed'); }
    return data;
}

async function put(control, name, content) {
    const data = await begin(control, 'STOR ' + name);
    data.end(content);
    await control.reply('150');
    await control.reply('226');
    data.destroy();
}

async function get(control, name) {
    const data = await begin(control, 'RETR ' + name);
    const pieces = [];
    data.on('data', (piece) => pieces.push(piece));
    await new Promise((resolve, reject) => {
        data.once('end', resolve);
        data.once('error', reject);
    });
    await control.reply('150');
    await control.reply('226');
    return Buffer.concat(pieces);
}

async function main() {
    const plain = await dial(Number(port));
    const control = new Control(plain);
    await control.reply('220');
    await control.command('AUTH TLS', '234');
    plain.removeAllListeners('data');
    plain.removeAllListeners('close');
    control.take(await secure(plain));
    await control.command('USER anonymous', '331');
    await control.command('PASS x', '230');
    for (const line of ['TYPE I', 'PBSZ 0', 'PROT P']) { await control.command(line, '200'); }
    for (let turn = 0; turn < Number(count); ++turn) {
        const content = Buffer.alloc(turn * 997, turn);
        await put(control, 'node-file', content);
        if (!content.equals(await get(control, 'node-file'))) { throw new Error('differs'); }
    }
    await control.command('QUIT', '221');
    console.log(control.socket.getProtocol());
    control.socket.destroy();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
