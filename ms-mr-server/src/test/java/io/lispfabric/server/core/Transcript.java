package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A conversation with the mapping system, written down: what xTRs say ({@code >}), when, and all
 * that they hear ({@code <}). The runner speaks the xTRs' part to a {@link MappingSystem}, a {@link
 * MapResolver} and a {@link Publisher} and writes down what comes back; the two texts must be the
 * same, so what a transcript does not show is not sent.
 *
 * <pre>
 * site POD-D   [1]40.0.0.0/16 accelerators, [1]name:POD-D-*
 * xtr  D1 of POD-D   192.0.2.41
 *
 * 00:00  D1 &gt; Map-Register  nonce 1  want-notify  [1]40.0.0.7/32 1440m 192.0.2.41
 *        D1 &lt; Map-Notify    nonce 1               [1]40.0.0.7/32 1440m 192.0.2.41
 * </pre>
 *
 * <p>Times are minutes and seconds; a line without one belongs to the moment of the line before it.
 * A record is an EID-Prefix, its Record TTL in minutes, and its locators, or what to do without
 * any. Behind {@code under} stands the name of a one-time key; which of the secrets of ITRs has
 * wrapped it, its first letter says. {@code D1+2} is the second nonce of the Map-Server's own
 * counter for the registering xTR D1. Lines that begin with {@code --} are not messages: what is
 * counted, who leads, what is stored.
 */
final class Transcript {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final long ORIGIN = 7;
    private static final int KEY_ID = 1;
    private static final long LIFETIME_MILLIS = 180_000; // RFC 9301 §8.2: 3 minutes
    private static final int ROOM = 536;

    private record Xtr(String name, Site site, Optional<XtrIdentity> ids, List<Ip> addresses) {
        Credentials credentials(int keyId) {
            return new Credentials(site.name(), keyId, 3, 16);
        }

        Ip address() {
            return addresses.getFirst();
        }
    }

    private record Line(int second, String text) {
        @Override
        public String toString() {
            return "%02d:%02d  %s".formatted(second / 60, second % 60, text);
        }
    }

    private final List<Site> siteList = new ArrayList<>();
    private final Map<String, Xtr> xtrs = new LinkedHashMap<>();
    private final List<Line> written = new ArrayList<>();
    private final List<Line> heard = new ArrayList<>();
    private MappingSystem state = MappingSystem.EMPTY;
    private final Leases leases = new Leases();

    /** The last Map-Register. */
    private Command.@Nullable Register said;

    private Room room = Fixture.ROOM;

    /** Octets of records in a Map-Notify of several. */
    private int newsRoom;

    private Publisher publisher;
    private int mostKeys = 1_000;
    private int second;

    private Transcript(List<String> lines) {
        for (var raw : lines) {
            var line = raw.replaceAll("(^|\\s)#.*", "").strip().replaceAll("\\s+", " ");
            if (line.startsWith("site ")) {
                site(line.substring(5));
            } else if (line.startsWith("most-per-xtr ")) {
                room = new Room(1_000, Integer.parseInt(line.substring(13)), 1_000);
            } else if (line.startsWith("most-unconfirmed ")) {
                room = new Room(Integer.parseInt(line.substring(17)), 1_000, 1_000);
            } else if (line.startsWith("most-keys ")) {
                mostKeys = Integer.parseInt(line.substring(10));
            } else if (line.equals("several-records")) {
                newsRoom = 476; // in 576 octets of IPv4
            } else if (line.startsWith("xtr ")) {
                xtr(line.substring(4).split(" "));
            } else if (!line.isEmpty()) {
                boolean timed = line.matches("\\d\\d:\\d\\d .*");
                int at =
                        timed
                                ? 60 * Integer.parseInt(line.substring(0, 2))
                                        + Integer.parseInt(line.substring(3, 5))
                                : written.isEmpty() ? 0 : written.getLast().second();
                written.add(new Line(at, timed ? line.substring(6) : line));
            }
        }
        publisher = publisher();
    }

    /** Replays {@code transcripts/NAME.txt} and fails where the mapping system says otherwise. */
    static void replay(String name) {
        try (var in =
                Objects.requireNonNull(
                        Transcript.class.getResourceAsStream("/transcripts/" + name + ".txt"),
                        name)) {
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            var transcript = new Transcript(text.lines().toList());
            transcript.run();
            assertThat(text(transcript.heard)).as(name).isEqualTo(text(transcript.written));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(List<Line> lines) {
        return lines.stream().map(Line::toString).collect(Collectors.joining("\n"));
    }

    // The head: who is who

    private void site(String text) {
        var name = text.substring(0, text.indexOf(' '));
        var prefixes = new ArrayList<SitePrefix>();
        for (var part : text.substring(name.length() + 1).split(", ?")) {
            var words = List.of(part.split(" "));
            var close = words.getFirst().indexOf(']');
            var iid = new InstanceId(Integer.parseInt(words.getFirst().substring(1, close)));
            var prefix = words.getFirst().substring(close + 1);
            prefixes.add(
                    words.contains("petr")
                            ? SitePrefix.petr(iid, prefix)
                            : SitePrefix.parse(iid, prefix, true, words.contains("accelerators")));
        }
        var key = SharedKey.of(KEY_ID, Bytes.of(new byte[16]));
        siteList.add(new Site(name, new SiteId(siteList.size() + 1), List.of(key), prefixes, true));
    }

    private void xtr(String[] words) {
        var site = siteList.stream().filter(it -> it.name().equals(words[2])).findFirst();
        var ids = new XtrIdentity(new XtrId(0, xtrs.size() + 1), site.orElseThrow().siteId());
        boolean anonymous = words[words.length - 1].equals("without-ids");
        xtrs.put(
                words[0],
                new Xtr(
                        words[0],
                        site.orElseThrow(),
                        anonymous ? Optional.empty() : Optional.of(ids),
                        Arrays.stream(words, 3, words.length - (anonymous ? 1 : 0))
                                .map(Ip::parse)
                                .toList()));
    }

    // The conversation

    private void run() {
        leases.onLeading();
        for (var line : written) {
            advance(line.second());
            if (line.text().contains(" > ")) {
                heard.add(line);
                say(line.text());
            } else if (line.text().equals("-- a new leader")) {
                heard.add(line);
                publisher = publisher();
                publisher.onLeading(state, now());
                leases.onLeading();
            } else if (line.text().startsWith("-- configured:")) {
                heard.add(line);
                configure(line.text().substring(14).strip());
            } else if (line.text().equals("-- quiet")) {
                heard.add(line);
            } else if (line.text().startsWith("-- subscribed:")) {
                note("-- subscribed:" + subscribed());
            } else if (line.text().startsWith("-- mappings:")) {
                note("-- mappings:" + mappings());
            }
            publish();
        }
    }

    private Publisher publisher() {
        return new Publisher(() -> state.unconfirmed() > room.mostUnconfirmed() / 2, _ -> newsRoom);
    }

    private Instant now() {
        return START.plusSeconds(second);
    }

    private void note(String text) {
        heard.add(new Line(second, text));
    }

    /** Lets time pass as the leader does: it looks for the expired and the unacknowledged. */
    private void advance(int until) {
        while (second < until) {
            second++;
            var over = state.dueListeners(now().toEpochMilli(), 100);
            if (!over.isEmpty()) {
                apply(new Command.Forget(now().toEpochMilli(), over));
            }
            long millis = now().toEpochMilli();
            leases.poll(state, millis, millis, Fixture.TEMPORARY_MILLIS).forEach(this::apply);
            publish();
        }
    }

    private void publish() {
        while (publisher.due().filter(due -> !due.isAfter(now())).isPresent()) {
            for (var due : publisher.poll(now(), state, 100)) {
                switch (due) {
                    case Publisher.Due.Send(
                                    var credentials,
                                    _,
                                    var to,
                                    _,
                                    var nonce,
                                    var records,
                                    _,
                                    _) ->
                            notify(credentials, to, nonce, records);
                    case Publisher.Due.Surrender(var command) -> {
                        note("-- given up: " + command.eid());
                        apply(command);
                    }
                    case Publisher.Due.Renew(var command) -> apply(command);
                }
            }
        }
    }

    private void apply(Command command) {
        var before = state;
        var outcome = state.apply(command);
        state = outcome.next();
        // Whatever a transcript does, the rows that are stored make the same state.
        var stored = before;
        for (var change : outcome.changes()) {
            stored = stored.with(change);
        }
        assertThat(stored).isEqualTo(state);
        for (var effect : outcome.effects()) {
            switch (effect) {
                case Effect.Answer answer when answer.records().isEmpty() -> {} // not answered
                case Effect.Answer answer ->
                        notify(answer.credentials(), answer.to(), answer.nonce(), answer.records());
                case Effect.Heard heard -> leases.onHeard(heard, now().toEpochMilli());
                case Effect.Refreshed refreshed -> {
                    leases.onRefreshed(refreshed, now().toEpochMilli());
                    answer(refreshed);
                }
                case Effect.Unfit _ -> throw new IllegalStateException("nothing came between");
                case Effect.NotSubscribed(var asked) ->
                        reply(
                                asked.nonce(),
                                asked.itrRlocs().getFirst(),
                                asked.asked(),
                                Optional.of(asked.xtr()));
                case Effect.NotAuthenticated _ -> note("-- refused: drop-auth-failure");
                case Effect.Replayed _ -> note("-- dropped: replayed");
                case Effect.Outdated _ -> note("-- dropped: outdated");
                case Effect.Crowded _ -> note("-- left out: one xTR too many");
                case Effect.Conflicting _ -> note("-- left out: conflicting");
                case Effect.Publish publish -> publisher.onPublish(publish, state, now());
                case Effect.Dismiss(var credentials, _, var to, _, var nonce, var record) ->
                        notify(credentials, to, nonce, List.of(record));
            }
        }
    }

    private void say(String text) {
        Deque<String> words = new ArrayDeque<>(List.of(text.split(" ")));
        var xtr = Objects.requireNonNull(xtrs.get(words.remove()), text);
        words.remove();
        var message = words.remove();
        assertThat(words.remove()).isEqualTo("nonce");
        var nonce = nonce(words.remove());
        switch (message) {
            case "Map-Register" -> register(xtr, nonce, words);
            case "Map-Request" -> request(xtr, nonce, words);
            case "Map-Notify-Ack" -> {
                var association = association(words);
                for (var eid : String.join(" ", words).split(" ; ")) {
                    acknowledge(association, nonce, eid(eid));
                }
            }
            default -> throw new IllegalArgumentException(text);
        }
    }

    private void register(Xtr xtr, Nonce nonce, Deque<String> words) {
        int key = take(words, "key-2") ? 2 : KEY_ID;
        boolean proxy = take(words, "proxy");
        boolean secure = take(words, "lisp-sec");
        boolean merge = take(words, "merge");
        boolean want = take(words, "want-notify");
        boolean timeout = take(words, "ttl-for-timeout");
        var records =
                Arrays.stream(String.join(" ", words).split(" ; "))
                        .map(Transcript::record)
                        .toList();
        var register =
                new Command.Register(
                        ORIGIN,
                        now().toEpochMilli(),
                        xtr.credentials(key),
                        NonceCheck.PER_XTR,
                        xtr.ids(),
                        nonce,
                        proxy,
                        secure,
                        merge,
                        want,
                        timeout,
                        LIFETIME_MILLIS,
                        xtr.address(),
                        4342,
                        Fixture.TEMPORARY_MILLIS,
                        records);
        said = register;
        apply(state.mark(register).<Command>map(it -> it).orElse(register));
    }

    /** As the process does that has heard the Map-Register. */
    private void answer(Effect.Refreshed refreshed) {
        var register = Objects.requireNonNull(said);
        notify(
                register.credentials(),
                register.source(),
                register.nonce(),
                register.records().stream().map(it -> refreshed.state().record(it.eid())).toList());
    }

    private void request(Xtr xtr, Nonce nonce, Deque<String> words) {
        boolean subscribes = take(words, "subscribe");
        boolean unsubscribes = take(words, "unsubscribe");
        boolean temporary = take(words, "or-temporarily");
        boolean secured = take(words, "protected");
        var association = association(words);
        var credentials =
                association
                        .map(it -> Credentials.of(xtr.site().name(), KEY_ID, it))
                        .orElseGet(() -> xtr.credentials(KEY_ID));
        var eids = new ArrayList<Eid>();
        while (!words.isEmpty() && words.getFirst().startsWith("[")) {
            eids.add(eid(words.remove()));
        }
        var sites = new Sites(siteList, false);
        var asking = new ArrayList<Command.Asking>();
        for (var eid : eids) {
            if (subscribes) {
                asking.add(
                        new Command.Subscribe(
                                ORIGIN,
                                now().toEpochMilli(),
                                credentials,
                                xtr.ids().orElseThrow(),
                                nonce,
                                words.isEmpty()
                                        ? xtr.addresses()
                                        : words.stream().map(Ip::parse).toList(),
                                4342,
                                eid,
                                sites.leastLength(eid),
                                MapResolver.hole(state, sites, eid, xtr.ids())
                                        .filter(it -> temporary || !it.isNegative()),
                                MapResolver.isOutside(sites, eid),
                                Fixture.TEMPORARY_MILLIS,
                                room));
            } else if (unsubscribes) {
                asking.add(
                        new Command.Unsubscribe(
                                ORIGIN,
                                now().toEpochMilli(),
                                credentials,
                                xtr.ids().orElseThrow(),
                                nonce,
                                eid,
                                xtr.address(),
                                4342,
                                room));
            } else if (secured) {
                replyProtected(nonce, xtr.address(), eid);
            } else {
                reply(nonce, xtr.address(), eid, xtr.ids());
            }
        }
        association.ifPresentOrElse(
                it -> apply(new Command.Associate(proof(it), mostKeys, asking)),
                () -> asking.forEach(this::apply));
    }

    private void acknowledge(Optional<PubSubKey> association, Nonce nonce, Eid eid) {
        var awaiting =
                publisher.awaiting(nonce, eid).stream()
                        .filter(it ->
                                state.listener(it.listener())
                                        .map(listener -> listener.contact(nonce).credentials())
                                        .map(Credentials::association)
                                        .filter(association::equals)
                                        .isPresent())
                        .toList();
        if (awaiting.isEmpty()) {
            note("-- dropped: nobody waits for this acknowledgement");
        }
        for (var it : awaiting) {
            var listener = state.listener(it.listener()).orElseThrow();
            publisher.onHeard(it, listener, listener.addresses().getFirst(), now());
            apply(new Command.Acknowledge(List.of(it.receipt())));
        }
    }

    /** {@code A1 to [1]40.0.0.0/16 nonce 100 ; A2 to ...}, or {@code none}. */
    private void configure(String text) {
        var explicit = new ArrayList<Explicit>();
        for (var one : text.equals("none") ? new String[0] : text.split(" ; ")) {
            var words = one.split(" ");
            var xtr = Objects.requireNonNull(xtrs.get(words[0]));
            explicit.add(
                    new Explicit(
                            new ListenerId.Subscriber(eid(words[2]), xtr.ids().orElseThrow()),
                            new Contact(
                                    xtr.credentials(KEY_ID),
                                    words.length > 5
                                            ? List.of(Ip.parse(words[5]))
                                            : xtr.addresses(),
                                    4342),
                            nonce(words[4])));
        }
        if (!state.isConfigured(explicit)) {
            apply(new Command.Configure(now().toEpochMilli(), explicit));
        }
        assertThat(state.isConfigured(explicit)).isTrue();
    }

    private static boolean take(Deque<String> words, String flag) {
        return words.remove(flag);
    }

    // What comes back

    private void notify(Credentials credentials, Ip to, Nonce nonce, List<MappingRecord> records) {
        hear(to, "Map-Notify nonce " + show(nonce, to) + under(credentials) + " " + show(records));
    }

    /** Nothing for a key of the site; else the name of the one-time key of the association. */
    private static String under(Credentials credentials) {
        return credentials
                .association()
                .map(it -> " under " + (char) it.secret().at(0) + (char) it.secret().at(1))
                .orElse("");
    }

    /** A security association whose one-time key a transcript calls K1 or so. */
    private static Optional<PubSubKey> association(Deque<String> words) {
        if (!take(words, "under")) {
            return Optional.empty();
        }
        var secret = Arrays.copyOf(words.remove().getBytes(StandardCharsets.US_ASCII), 32);
        return Optional.of(new PubSubKey(Bytes.of(secret)));
    }

    /** Its first letter says which secret of ITRs has wrapped it. */
    private UsedKey proof(PubSubKey association) {
        long until = now().plus(Duration.ofHours(24)).toEpochMilli();
        var secret = association.secret();
        return new UsedKey(Bytes.of(secret.buffer().slice(0, 16)), secret.at(0), until);
    }

    private void reply(Nonce nonce, Ip to, Eid eid, Optional<XtrIdentity> asker) {
        switch (MapResolver.answer(state, new Sites(siteList, false), eid, ROOM, asker)) {
            case MapResolver.Answer.Reply(var records) ->
                    hear(to, "Map-Reply nonce " + show(nonce, to) + " " + show(records));
            case MapResolver.Answer.Relay relay -> throw new IllegalStateException("" + relay);
            case MapResolver.Answer.Forward(var etrs) ->
                    hear(
                            etrs.getFirst(),
                            "Map-Request nonce " + show(nonce, to) + " forwarded " + eid);
        }
    }

    private void replyProtected(Nonce nonce, Ip to, Eid eid) {
        var answer =
                ProtectedAnswer.of(
                        state, new Sites(siteList, false), eid, ROOM, Optional.empty(), _ -> true);
        var vouched =
                answer.vouched().stream().map(Eid::toString).collect(Collectors.joining(", "));
        var security = " vouched " + vouched + (answer.etrCantSign() ? " etr-cant-sign" : "");
        switch (answer) {
            case ProtectedAnswer.Reply(var records, _, _) ->
                    hear(to, "Map-Reply nonce " + show(nonce, to) + " " + show(records) + security);
            case ProtectedAnswer.Relay relay -> throw new IllegalStateException("" + relay);
            case ProtectedAnswer.Forward(var etrs, _, _) ->
                    hear(
                            etrs.getFirst().address(),
                            "Map-Request nonce "
                                    + show(nonce, to)
                                    + " forwarded "
                                    + eid
                                    + security
                                    + " key "
                                    + etrs.getFirst().site()
                                    + "/"
                                    + etrs.getFirst().keyId());
        }
    }

    private void hear(Ip to, String text) {
        var xtr = xtrs.values().stream().filter(it -> it.addresses().contains(to)).findFirst();
        var name = xtr.orElseThrow(() -> new IllegalStateException("sent to " + to)).name();
        boolean other = !to.equals(xtr.get().address());
        note(name + (other ? "@" + to : "") + " < " + text);
    }

    private String subscribed() {
        return sorted(
                state.subscriptions().stream()
                        .map(it ->
                                it.id() instanceof ListenerId.Subscriber(var prefix, var who)
                                        ? " " + name(who) + " to " + prefix
                                        : ""));
    }

    private String mappings() {
        var all = new ArrayList<String>();
        state.mappings().forEach((_, mapping) -> all.add(" " + show(mapping.record())));
        return sorted(all.stream());
    }

    private static String sorted(Stream<String> all) {
        var text = all.sorted().collect(Collectors.joining(" ;"));
        return text.isEmpty() ? " none" : text;
    }

    private String name(XtrIdentity who) {
        return xtrs.values().stream()
                .filter(it -> it.ids().equals(Optional.of(who)))
                .findFirst()
                .orElseThrow()
                .name();
    }

    // Words

    private static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    /** The start of the Map-Server's own counter for an xTR that registers. */
    private Optional<Nonce> counter(Xtr xtr) {
        var registrant = Registrant.of(xtr.site().name(), KEY_ID, xtr.ids());
        return state.listener(new ListenerId.Member(registrant))
                .map(it -> Step.firstNonce(it.sinceMillis()));
    }

    private Nonce nonce(String word) {
        int plus = word.indexOf('+');
        return plus < 0
                ? new Nonce(Long.parseLong(word))
                : counter(Objects.requireNonNull(xtrs.get(word.substring(0, plus))))
                        .orElseThrow()
                        .plus(Long.parseLong(word.substring(plus + 1)));
    }

    private String show(Nonce nonce, Ip to) {
        for (var xtr : xtrs.values()) {
            var steps = counter(xtr).map(it -> nonce.value() - it.value()).orElse(-1L);
            if (xtr.addresses().contains(to) && steps >= 0 && steps < 1000) {
                return xtr.name() + "+" + steps;
            }
        }
        return Long.toUnsignedString(nonce.value());
    }

    private static MappingRecord record(String text) {
        var words = new ArrayDeque<>(List.of(text.split(" ")));
        var eid = eid(words.remove());
        var version = words.removeLast();
        boolean versioned = version.startsWith("v");
        if (!versioned) {
            words.add(version);
        }
        var ttl = words.remove();
        return new MappingRecord(
                new RecordTtl(Integer.parseUnsignedInt(ttl.substring(0, ttl.length() - 1))),
                Action.NO_ACTION,
                false,
                versioned ? Integer.parseInt(version.substring(1)) : 0,
                eid,
                words.stream().map(Transcript::locator).toList());
    }

    /**
     * {@code 192.0.2.41}, or {@code 192.0.2.41:2/50} with priority and weight, or a receiver of a
     * group, {@code to:192.0.2.41}.
     */
    private static Locator locator(String text) {
        if (text.startsWith("to:")) {
            var entry = new ReplicationListEntry.Entry(128, Ip.parse(text.substring(3)));
            return Locator.of(new Rloc(new ReplicationListEntry(List.of(entry))), 1, 100);
        }
        var parts = text.split("[:/]");
        return Locator.of(
                Rloc.of(parts[0]),
                parts.length > 1 ? Integer.parseInt(parts[1]) : 1,
                parts.length > 1 ? Integer.parseInt(parts[2]) : 100);
    }

    private static String show(List<MappingRecord> records) {
        return records.stream().map(Transcript::show).collect(Collectors.joining(" ; "));
    }

    private static String show(MappingRecord record) {
        var text = new StringBuilder().append(record.eid()).append(' ').append(record.ttl());
        if (record.action() != Action.NO_ACTION) {
            text.append(' ').append(record.action().label());
        }
        for (var locator : record.locators()) {
            text.append(' ').append(locator.rloc());
            if (locator.priority() != 1 || locator.weight() != 100) {
                text.append(':').append(locator.priority()).append('/').append(locator.weight());
            }
        }
        if (record.mapVersion() != 0) {
            text.append(" v").append(record.mapVersion());
        }
        return text.toString();
    }
}
