/* Security, devices, look. Everything takes effect at once. */
import { Globe, Languages, LogOut, Monitor, ShieldCheck, SquareTerminal } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import type { Device } from "../../engine/api";
import { now } from "../clock";
import { engine, shownPresence } from "../engine";
import { whenText } from "../format";
import { Note } from "../parts/note";
import { Choice, Switch } from "../parts/switch";
import { follow, type Place, placeHref, type SettingsPart } from "../place";
import { prefs, setPrefs } from "../prefs";
import { AskBox, type Asking } from "../ring/manage";
import { PresenceMark, presenceLine, shortOs } from "../ring/presence";
import { read } from "../signals";
import { errorSentence, loadWords, locale, words } from "../words";
import "../styles/settings.css";

export function Settings(props: { part: SettingsPart }) {
  const w = words.value.settings;
  const parts: { part: SettingsPart; text: string; Icon: typeof Globe }[] = [
    { part: "security", text: w.security, Icon: ShieldCheck },
    { part: "devices", text: w.devices, Icon: Monitor },
    { part: "look", text: w.look, Icon: Languages },
  ];
  return (
    <main id="main">
      <header class="head">
        <div class="grow">
          <h1 tabIndex={-1}>{w.h1}</h1>
        </div>
      </header>
      <div class="set">
        <nav class="filt" aria-label={w.nav}>
          {parts.map(({ part, text, Icon }) => {
            const to: Place = { at: "settings", part };
            return (
              <a
                key={part}
                href={placeHref(to)}
                onClick={follow(to)}
                aria-current={part === props.part ? "page" : undefined}
              >
                <Icon class="i" aria-hidden="true" />
                {text}
              </a>
            );
          })}
        </nav>
        <div>
          {props.part === "security" ? <Security /> : null}
          {props.part === "devices" ? <Devices /> : null}
          {props.part === "look" ? <Look /> : null}
        </div>
      </div>
    </main>
  );
}

function Security() {
  const w = words.value.settings;
  const devices = read(engine().allDevices);
  const [head, setHead] = useState<string[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [leaving, setLeaving] = useState(false);
  // The head changes with every entry of the log, and an entry shows as a change of the devices.
  useEffect(() => {
    let alive = true;
    engine()
      .account.headWords()
      .then(
        (found) => alive && setHead(found),
        (failure: unknown) => alive && setError(failure),
      );
    return () => {
      alive = false;
    };
  }, [devices]);
  return (
    <>
      <section class="card">
        <h2>{w.logH}</h2>
        <p class="soft">{w.logP}</p>
        {error ? <Note kind="bad" fact={errorSentence(error)} /> : null}
        {head ? (
          <ol class="words">
            {head.map((word, i) => (
              <li key={i} aria-label={words.value.add.word(i + 1, word)}>
                <i aria-hidden="true">{i + 1}</i>
                {word}
              </li>
            ))}
          </ol>
        ) : error ? null : (
          <p class="soft">{w.logWait}</p>
        )}
      </section>
      <section class="card">
        <h2>{w.thisH}</h2>
        <p class="soft">{w.thisP}</p>
        <div>
          <button
            type="button"
            class="b danger"
            disabled={leaving}
            onClick={() => {
              setLeaving(true);
              engine()
                .account.signOut()
                .catch((failure: unknown) => {
                  setLeaving(false);
                  setError(failure);
                });
            }}
          >
            <LogOut class="i" aria-hidden="true" />
            {w.signOut}
          </button>
        </div>
      </section>
    </>
  );
}

function Devices() {
  const w = words.value.settings;
  const devices = read(engine().allDevices);
  const [asking, setAsking] = useState<Asking>(null);
  return (
    <section class="card">
      <h2>{w.devicesH}</h2>
      <div>
        {devices.map((device) => (
          <DeviceLine key={device.id} device={device} ask={setAsking} />
        ))}
      </div>
      <AskBox asking={asking} close={() => setAsking(null)} />
    </section>
  );
}

const icons = { host: Monitor, browser: Globe, cli: SquareTerminal, desktop: Monitor };

function DeviceLine(props: { device: Device; ask: (asking: Asking) => void }) {
  const w = words.value.settings;
  const { device } = props;
  const Icon = icons[device.role];
  const role = { host: w.roleHost, browser: w.roleBrowser, cli: w.roleCli, desktop: w.roleDesktop }[
    device.role
  ];
  const since = whenText(device.addedMs, now.peek(), words.value, locale.value, true);
  const here = device.presence === "here";
  return (
    <div class="kv">
      <Icon class="i" aria-hidden="true" />
      <div class="grow">
        <b class="row">
          <PresenceMark shown={shownPresence(device)} />
          {device.name}
        </b>
        <p class="small soft">
          {device.os ? w.line(role, shortOs(device.os), since) : w.lineShort(role, since)}
        </p>
        <p class="small soft">{here ? w.here : presenceLine(device, now.peek())}</p>
      </div>
      <button
        type="button"
        class="b line"
        aria-label={w.renameName(device.name)}
        onClick={() => props.ask({ what: "rename", device })}
      >
        {words.value.rename.go}
      </button>
      {here ? null : (
        <button
          type="button"
          class="b danger"
          aria-label={w.removeName(device.name)}
          onClick={() => props.ask({ what: "remove", device })}
        >
          {words.value.remove.go}
        </button>
      )}
    </div>
  );
}

function Look() {
  const w = words.value.settings;
  return (
    <section class="card">
      <h2>{w.look}</h2>
      <div>
        <div class="kv">
          <b class="grow">{w.theme}</b>
          <Choice
            name={w.theme}
            value={prefs.value.theme}
            options={[
              { value: "auto", label: w.auto },
              { value: "light", label: w.light },
              { value: "dark", label: w.dark },
            ]}
            change={(theme) => setPrefs({ theme })}
          />
        </div>
        <div class="kv">
          <b class="grow">{w.language}</b>
          <Choice
            name={w.language}
            value={prefs.value.language}
            options={[
              { value: "auto", label: w.auto },
              { value: "en", label: "English" },
              { value: "fr", label: "Français" },
            ]}
            change={(language) => {
              setPrefs({ language });
              void loadWords();
            }}
          />
        </div>
        <div class="kv">
          <div class="grow">
            <b>{w.keysH}</b>
            <p class="small soft">{w.keysP}</p>
          </div>
          <Switch on={prefs.value.letters} name={w.keysSwitch} change={(letters) => setPrefs({ letters })} />
        </div>
      </div>
    </section>
  );
}
