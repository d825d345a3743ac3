package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.ExplicitLocatorPath;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Refusal;
import io.lispfabric.server.core.Registrant;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Map-Registers: whether the xTR may say what it says (RFC 9301 §5.6, §8.2). */
final class MapRegisters {
    /**
     * In an EID-record whose EID has an Instance ID: ten octets before the AFI, two of it, four of
     * the LCAF (RFC 8060 §4.1).
     */
    private static final int IID_MASK_LENGTH_OFFSET = 10 + 2 + 3;

    /** Map-Registers of late that may come again. */
    private static final int MOST_SENT = 4_096;

    /**
     * More marks than are on their way through the log at any time; who is forgotten asks again.
     */
    private static final int MOST_MARKED = 16_384;

    /**
     * Records of one site that may be on their way through the log, where there are others that
     * would have to wait for them. Marks are not counted. One Map-Register always may.
     */
    private static final int MOST_UNDER_WAY = 4_096;

    /** To tell so many xTRs of a record takes the log about as long as the record itself. */
    private static final int TOLD_LIKE_A_RECORD = 2;

    /** What takes the log longer than so many records: while it works on that, all others wait. */
    private static final int HEAVY = MOST_UNDER_WAY / 4;

    /**
     * A site that keeps others waiting lets them speak for twice as long before it does so again.
     */
    private static final int PAUSES = 2;

    /** For no longer, though. */
    private static final long MOST_PAUSE_MILLIS = 1_000;

    /** Whoever has registered something within this time may do so again. */
    private static final long SPEAKS_MILLIS = 1_000;

    private final Surroundings around;
    private final Shards shards;
    private final RepeatLimit repeats;

    /**
     * A log from which nothing has come back for so long is not just busy: it has no majority, or
     * no leader.
     */
    private static final long STALLED_MILLIS = 3_000;

    private final Map<String, UnderWay> underWay = new ConcurrentHashMap<>();

    /** Records of a site on their way through the log. */
    private static final class UnderWay {
        private final AtomicInteger records = new AtomicInteger();

        /** When the first of those came, or one came back, on the steady clock. */
        private volatile long movedMillis;

        /** Until when nothing heavy is taken if others speak, on the steady clock. */
        private volatile long pausesUntilMillis = Long.MIN_VALUE;
    }

    /** The last two sites that have registered something, and when. */
    private Spoke latest = new Spoke("", Long.MIN_VALUE / 2);

    private Spoke other = latest;

    private record Spoke(String site, long atMillis) {}

    private final Shares xtrShares = new Shares();
    private final Shares eidShares = new Shares();

    private final BoundedMap<Message, Sent> sent = new BoundedMap<>(MOST_SENT);
    private final List<Marks> marks = new ArrayList<>();

    /** Map-Registers that wait for several groups. */
    private static final int MOST_SPLIT = 4_096;

    /** After so long a log gives up a command: its submit timeout. */
    private static final long SPLIT_MILLIS = 10_000;

    /**
     * Map-Registers with records of several groups, until all of these have taken theirs; the
     * latest is the last.
     */
    private final Map<Message, Split> splits = new LinkedHashMap<>();

    MapRegisters(Shards shards) {
        this.shards = shards;
        this.around = shards.first();
        shards.all().forEach(it -> marks.add(new Marks(it)));
        this.repeats =
                new RepeatLimit(
                        around.config().registrations().repeatsPerSecond(),
                        new SecretHash(around.origin()));
    }

    /**
     * @param payload the message's octets, which its MAC covers
     */
    void receive(MapRegister register, From from, ByteBuffer payload) {
        var voucher = voucher(register, payload);
        if (voucher.isEmpty()) {
            refuse(register, from);
            return;
        }
        var site = voucher.get().site();
        if (register.mergeRequest() && register.identity().filter(MapRegisters::says).isEmpty()) {
            around.drop(Drop.MERGE_WITHOUT_ID, site.name(), from.address());
            return;
        }
        if (isAnswered(site, register, from)) {
            return;
        }
        // Each group judges its own part: what an old packet says to one that has not seen it is
        // not older than anything there.
        var parts = shards.split(register.records(), MappingRecord::eid);
        // The log has the last word, but what was played again shall cost it nothing.
        var fresh = new ArrayList<>(parts.entrySet());
        fresh.removeIf(it -> isReplay(it.getKey(), register, voucher.get()));
        if (fresh.isEmpty()) {
            var who =
                    Registrant.of(
                            site.name(), register.authentication().keyId(), register.identity());
            around.drop(Drop.REPLAYED, who, register.nonce());
            return;
        }
        if (!fresh.stream().allMatch(it -> hasRoomFor(it.getKey(), register, voucher.get()))) {
            around.drop(Drop.NO_ROOM, site.name(), from.address());
            return;
        }
        boolean waits = parts.size() > 1 && register.wantMapNotify();
        if (waits && !mayWait(message(register, from))) {
            around.metrics().dropped(Drop.LOG_UNAVAILABLE);
            return;
        }
        long origin = waits ? around.originOfParts() : around.origin();
        var commands = new ArrayList<Part>(fresh.size());
        for (var part : fresh) {
            var accepted = accepted(site, part.getValue());
            if (!accepted.isEmpty()) {
                var command = command(origin, register, from, payload, voucher.get(), accepted);
                boolean whole = accepted.size() == part.getValue().size();
                commands.add(new Part(part.getKey(), command, whole));
            }
        }
        if (waits && !commands.isEmpty()) {
            fresh.forEach(it -> parts.remove(it.getKey()));
            expect(commands, parts.keySet(), register, from);
        }
        commands.forEach(it -> submit(it.shard(), it.command(), it.whole()));
    }

    private List<MappingRecord> accepted(Site site, List<MappingRecord> records) {
        var accepted = new ArrayList<MappingRecord>();
        for (var record : records) {
            // RFC 9301 §9: all EID-Prefixes MUST be verified. A bad record does not spoil its
            // neighbours.
            var refusal = around.config().sites().refusal(site, record.eid());
            var stranger =
                    record.ttl().removes()
                            ? Optional.<Rloc>empty()
                            : record.locators().stream()
                                    .flatMap(locator -> addresses(locator.rloc()))
                                    .filter(rloc -> !site.mayUse(rloc))
                                    .findFirst();
            if (refusal.isPresent()) {
                around.drop(
                        reason(refusal.get()),
                        site.name(),
                        new Refused(record.eid(), refusal.get()));
            } else if (!isSane(record)) {
                around.drop(Drop.BAD_LOCATOR, site.name(), record.eid());
            } else if (stranger.isPresent()) {
                around.drop(
                        Drop.RLOC_NOT_ALLOWED,
                        site.name(),
                        stranger.get() + " for " + record.eid());
            } else if (!hasRoomFor(site, record)) {
                around.drop(Drop.NO_ROOM, site.name(), record.eid());
            } else if (!mayComeAgain(record)) {
                around.drop(Drop.REGISTERED_TOO_OFTEN, site.name(), record.eid());
            } else {
                accepted.add(record);
            }
        }
        return accepted;
    }

    private static Drop reason(Refusal refusal) {
        return switch (refusal) {
            case NO_SEGMENT -> Drop.NO_SUCH_SEGMENT;
            case NOT_SERVED -> Drop.SEGMENT_NOT_SERVED;
            case NO_MEMBER -> Drop.NOT_A_MEMBER;
            case NOT_OF_SITE, TOO_SPECIFIC -> Drop.PREFIX_NOT_ALLOWED;
        };
    }

    /** Of which EID-Prefix is told. */
    private record Refused(Eid eid, Refusal why) {
        @Override
        public String toString() {
            return switch (why) {
                case NOT_OF_SITE -> eid + ", which is not among the prefixes of the site";
                case TOO_SPECIFIC ->
                        eid + ": its prefix there would have to have accept-more-specifics";
                case NO_SEGMENT, NOT_SERVED, NO_MEMBER -> eid.toString();
            };
        }
    }

    private Command.Register command(
            long origin,
            MapRegister register,
            From from,
            ByteBuffer payload,
            Voucher voucher,
            List<MappingRecord> accepted) {
        var site = voucher.site();
        var authentication = register.authentication();
        return new Command.Register(
                origin,
                around.millis(),
                new Credentials(
                        site.name(),
                        authentication.keyId(),
                        authentication.algorithmId(),
                        authentication.data().length(),
                        iidMaskLength(register, payload)),
                site.nonceCheck(voucher.key()),
                register.identity(),
                register.nonce(),
                register.proxyReply(),
                register.securityCapable(),
                register.mergeRequest(),
                register.wantMapNotify(),
                register.ttlForTimeout(),
                around.config().registrations().timeout().toMillis(),
                from.address(),
                around.notifyPort(from.address(), from.port()),
                around.config().subscriptions().bereaved().toMillis(),
                accepted);
    }

    /**
     * @param whole whether nothing of what the message says there was left out
     */
    private void submit(int shard, Command.Register command, boolean whole) {
        var mark =
                whole ? shards.get(shard).state().mark(command) : Optional.<Command.Refresh>empty();
        if (mark.isPresent()) {
            marks.get(shard).gather(mark.get(), command);
        } else {
            // It is in the log after what the xTR has said before.
            marks.get(shard).handOn(command.registrant());
            submit(shard, command);
        }
    }

    private void submit(int shard, Command.Register command) {
        var site = command.credentials().site();
        int records = weight(shards.get(shard).state(), command);
        var busy = underWay.computeIfAbsent(site, _ -> new UnderWay());
        long now = around.steadyMillis().getAsLong();
        int all = busy.records.addAndGet(records);
        boolean heavy = records > HEAVY;
        if (all > MOST_UNDER_WAY && all > records && !isAlone()
                || heavy && now < busy.pausesUntilMillis && doOthersSpeak(site, now)) {
            busy.records.addAndGet(-records);
            if (now - busy.movedMillis > STALLED_MILLIS) {
                around.metrics().dropped(Drop.LOG_UNAVAILABLE);
            } else {
                around.drop(Drop.SITE_BUSY, site, command.source());
            }
            return;
        }
        if (all == records) {
            busy.movedMillis = now;
        }
        if (!latest.site().equals(site)) {
            other = latest;
        }
        latest = new Spoke(site, now);
        shards.get(shard)
                .submit(
                        command,
                        committed -> {
                            busy.records.addAndGet(-records);
                            long over = around.steadyMillis().getAsLong();
                            busy.movedMillis = over;
                            if (heavy && committed) {
                                busy.pausesUntilMillis =
                                        Math.max(
                                                busy.pausesUntilMillis,
                                                over
                                                        + Math.min(
                                                                PAUSES * (over - now),
                                                                MOST_PAUSE_MILLIS));
                            }
                        });
    }

    private boolean doOthersSpeak(String site, long now) {
        var them = latest.site().equals(site) ? other : latest;
        return now - them.atMillis() < SPEAKS_MILLIS;
    }

    /** How much the log has to do with it, in records. */
    private static int weight(MappingSystem state, Command.Register command) {
        int told = 0;
        for (var record : command.records()) {
            told += state.toldOf(record.eid());
        }
        return command.records().size() + told / TOLD_LIKE_A_RECORD;
    }

    /** A mark of ours was taken: its Map-Registers are answered as any others would be. */
    void refreshed(int shard, Effect.Refreshed it) {
        for (var command : marks.get(shard).take(it.who(), it.nonce())) {
            answer(
                    shard,
                    new Effect.Answer(
                            command.origin(),
                            command.credentials(),
                            command.identity(),
                            command.source(),
                            command.port(),
                            command.nonce(),
                            command.records().stream()
                                    .map(record -> it.state().record(record.eid()))
                                    .toList()));
        }
    }

    /** A mark of ours came after another with a greater nonce, and is not answered. */
    void replayed(int shard, Registrant who, Nonce nonce) {
        marks.get(shard).take(who, nonce);
    }

    /** A mark of ours stood for what is not so any more: now it takes the whole Map-Registers. */
    void unfit(int shard, Effect.Unfit it) {
        var commands = marks.get(shard).take(it.who(), it.nonce());
        if (!commands.isEmpty()) {
            around.metrics().unfit();
            commands.forEach(command -> submit(shard, command));
        }
    }

    /** Counts on whose all that is registered is. */
    void goOn() {
        xtrShares.goOn(around.now());
        eidShares.goOn(around.now());
    }

    private boolean isReplay(int shard, MapRegister register, Voucher voucher) {
        return shards.get(shard)
                .state()
                .isReplay(
                        voucher.site().nonceCheck(voucher.key()),
                        voucher.site().name(),
                        register.authentication().keyId(),
                        register.identity(),
                        register.nonce());
    }

    /**
     * What is on its way through the log is not counted, so that there may be some more in the end:
     * as many as the log takes before it has answered any.
     */
    private boolean hasRoomFor(int shard, MapRegister register, Voucher voucher) {
        var state = shards.get(shard).state();
        var site = voucher.site();
        int keyId = register.authentication().keyId();
        int most = around.config().registrations().mostXtrs();
        return state.knows(site.nonceCheck(voucher.key()), site.name(), keyId, register.identity())
                || isAlone() && shards.sum(MappingSystem::xtrs) < most
                || !isAlone()
                        && xtrShares.admits(
                                site.name(),
                                shards.sum(MappingSystem::xtrs),
                                most,
                                around.now(),
                                () -> shards.each(MappingSystem::sitesOfXtrs));
    }

    /** A group has as many receivers as there are sites, and who leaves shall not have to stay. */
    private boolean mayComeAgain(MappingRecord record) {
        return record.ttl().removes()
                || record.eid().prefix().family() == EidPrefix.Family.GROUP
                || repeats.allows(record.eid(), around.millis());
    }

    /** With one site there is nobody whose room it could take. */
    private boolean isAlone() {
        return around.config().sites().sites().size() == 1;
    }

    private boolean hasRoomFor(Site site, MappingRecord record) {
        int all = shards.sum(it -> it.mappings().size());
        int most = around.config().registrations().most();
        return record.ttl().removes()
                || shards.at(record.eid()).state().at(record.eid()).isPresent()
                || isAlone() && all < most
                || !isAlone()
                        && eidShares.admits(
                                site.name(),
                                all,
                                most,
                                around.now(),
                                () -> shards.each(MappingSystem::sitesOfMappings));
    }

    /**
     * The IID mask-len of the first EID, which says nothing (RFC 8060 §4.1) but is copied into the
     * Map-Notify like everything else (RFC 9301 §5.7): Open Overlay Router compares it.
     */
    private static int iidMaskLength(MapRegister register, ByteBuffer payload) {
        var first = register.records().getFirst().eid();
        if (first.iid().equals(InstanceId.DEFAULT)
                || first.prefix().family() == EidPrefix.Family.GROUP) {
            return 0;
        }
        int record =
                payload.position()
                        + Authentication.DATA_OFFSET
                        + register.authentication().data().length();
        return payload.get(record + IID_MASK_LENGTH_OFFSET) & 0xFF;
    }

    /** Whether it says which xTR it is: an xTR-ID of 0 is none. */
    private static boolean says(XtrIdentity identity) {
        return (identity.xtrId().high() | identity.xtrId().low()) != 0;
    }

    private static boolean isSane(MappingRecord record) {
        return record.eid().prefix().family() == EidPrefix.Family.GROUP
                ? record.ttl().removes()
                        || record.locators().size() == 1
                                && isReceiver(record.locators().getFirst().rloc().address())
                : record.locators().stream()
                        .allMatch(it -> it.rloc().ip().map(Ip::isUnicast).orElse(true));
    }

    /** RFC 8378 §5.1.2: who receives a group is a replication list entry of level 128. */
    private static boolean isReceiver(LispAddress rloc) {
        return rloc instanceof ReplicationListEntry(var entries)
                && !entries.isEmpty()
                && entries.stream()
                        .allMatch(it ->
                                it.level() == ReplicationListEntry.Entry.RECEIVER
                                        && it.address() instanceof Ip ip
                                        && ip.isUnicast());
    }

    /** The addresses that packets go to, also by way of. */
    private static Stream<Rloc> addresses(Rloc rloc) {
        return switch (rloc.address()) {
            case ReplicationListEntry(var entries) ->
                    entries.stream().map(it -> new Rloc(it.address()));
            case ExplicitLocatorPath(var hops) ->
                    hops.stream().filter(it -> !it.lookup()).map(it -> new Rloc(it.address()));
            case NatTraversal nat ->
                    Stream.concat(Stream.of(nat.globalEtrRloc()), nat.rtrRlocs().stream())
                            .map(Rloc::new);
            default -> Stream.of(rloc);
        };
    }

    /** What a Map-Register says to one group. */
    private record Part(int shard, Command.Register command, boolean whole) {}

    /** Marks on their way to one group. */
    private static final class Marks {
        private final Surroundings around;
        private final BoundedMap<Marked, List<Command.Register>> marked =
                new BoundedMap<>(MOST_MARKED);

        /** Marks of what was read together, at most one for each xTR. */
        private final Map<Registrant, Gathered> gathered = new LinkedHashMap<>();

        Marks(Surroundings around) {
            this.around = around;
        }

        void gather(Command.Refresh mark, Command.Register command) {
            var those = gathered.get(mark.who());
            if (those != null && !those.admits(mark)) {
                handOn(mark.who());
                those = null;
            }
            boolean first = gathered.isEmpty();
            if (those == null) {
                those = new Gathered(mark);
                gathered.put(mark.who(), those);
            }
            those.add(mark, command);
            if (first) {
                around.loop().execute(this::handOn);
            }
        }

        private void handOn() {
            var those = List.copyOf(gathered.values());
            gathered.clear();
            Mistakes.afterAll(those, this::handOn);
        }

        void handOn(Registrant who) {
            var those = gathered.remove(who);
            if (those != null) {
                handOn(those);
            }
        }

        private void handOn(Gathered those) {
            var mark = those.mark();
            var key = new Marked(mark.who(), mark.nonce());
            if (marked.containsKey(key)) {
                // The same message once more: it is answered with the first, and with it those that
                // the first mark stands for besides.
                return;
            }
            marked.put(key, those.commands);
            around.metrics().marked(those.commands.size());
            around.submit(
                    mark,
                    committed -> {
                        if (!committed) {
                            around.loop().execute(() -> marked.remove(key));
                        }
                    });
        }

        List<Command.Register> take(Registrant who, Nonce nonce) {
            var commands = marked.remove(new Marked(who, nonce));
            return commands == null ? List.of() : commands;
        }
    }

    /** What a mark is known by. */
    private record Marked(Registrant who, Nonce nonce) {}

    /** Map-Registers of one xTR, in the order of their nonces, that one mark stands for. */
    private static final class Gathered {
        private final List<Command.Register> commands = new ArrayList<>(1);
        private final Set<Integer> leases = new LinkedHashSet<>();
        private Command.Refresh last;

        Gathered(Command.Refresh first) {
            this.last = first;
        }

        boolean admits(Command.Refresh mark) {
            return mark.keyId() == last.keyId()
                    && mark.changes() == last.changes()
                    && mark.nonce().isGreaterThan(last.nonce())
                    && leases.size() < Command.Refresh.MOST;
        }

        void add(Command.Refresh mark, Command.Register command) {
            last = mark;
            leases.addAll(mark.leases());
            commands.add(command);
        }

        Command.Refresh mark() {
            return new Command.Refresh(
                    last.origin(),
                    last.who(),
                    last.keyId(),
                    last.changes(),
                    List.copyOf(leases),
                    commands.getFirst().nonce(),
                    last.nonce());
        }
    }

    /** Who vouches for a message. */
    private record Voucher(Site site, SharedKey key) {}

    /**
     * The site whose key made the MAC: the one that the Site-ID names, or, for an xTR without ids,
     * any that fits.
     */
    private Optional<Voucher> voucher(MapRegister register, ByteBuffer payload) {
        for (var site : candidates(register)) {
            var key = site.key(register.authentication().keyId());
            if (key.isPresent() && MessageAuthentication.verify(register, payload, key.get())) {
                return Optional.of(new Voucher(site, key.get()));
            }
        }
        return Optional.empty();
    }

    private List<Site> candidates(MapRegister register) {
        return register.identity()
                .map(id -> around.config().sites().withId(id.siteId()).stream().toList())
                .orElse(around.config().sites().sites());
    }

    /** Nobody vouches for it: says what does not fit. */
    private void refuse(MapRegister register, From from) {
        var claim = new Claim(register, from);
        var candidates = candidates(register);
        if (candidates.isEmpty()) {
            around.drop(Drop.NO_SUCH_SITE, "of that Site-ID", claim);
            return;
        }
        var keys =
                candidates.stream()
                        .flatMap(it -> it.key(register.authentication().keyId()).stream())
                        .toList();
        var why =
                keys.isEmpty()
                        ? Drop.NO_SUCH_KEY
                        : keys.stream().anyMatch(it -> MessageAuthentication.fits(register, it))
                                ? Drop.BAD_AUTHENTICATION
                                : Drop.ALGORITHM_NOT_ALLOWED;
        var where =
                register.identity().isPresent() ? candidates.getFirst().name() : "any of the sites";
        around.drop(why, where, claim);
    }

    /** What a Map-Register gives to be believed; put into words when somebody reads them. */
    private record Claim(MapRegister register, From from) {
        @Override
        public String toString() {
            var authentication = register.authentication();
            return "a Map-Register from "
                    + from.address()
                    + " with "
                    + register.identity()
                            .map(it -> "Site-ID " + it.siteId() + ", xTR-ID " + it.xtrId())
                            .orElse("no Site-ID")
                    + ", Key ID "
                    + authentication.keyId()
                    + ", "
                    + Algorithm.of(authentication.algorithmId())
                            .map(Algorithm::title)
                            .orElseGet(() -> "unknown algorithm " + authentication.algorithmId())
                    + " of "
                    + authentication.data().length()
                    + " octets";
        }
    }

    /** What makes a Map-Register the same as another, octet by octet, when its MAC is right. */
    private record Message(Ip from, Optional<XtrIdentity> xtr, Nonce nonce) {}

    private static Message message(MapRegister register, From from) {
        return new Message(from.address(), register.identity(), register.nonce());
    }

    /** A Map-Register that went to the log, and its answer as soon as there is one. */
    private record Sent(Bytes mac, Optional<Effect.Answer> answer) {}

    /**
     * Whether a Map-Register came before and is answered by now; then its Map-Notify goes out again
     * (RFC 9301 §5.7). Only who heard the first copy knows.
     */
    private boolean isAnswered(Site site, MapRegister register, From from) {
        if (!site.answerDuplicates() || !register.wantMapNotify()) {
            return false;
        }
        var message = message(register, from);
        var mac = register.authentication().data();
        var before = sent.get(message);
        if (before == null || !before.mac().equals(mac)) {
            sent.put(message, new Sent(mac, Optional.empty()));
            return false;
        }
        before.answer().ifPresent(this::send);
        return before.answer().isPresent();
    }

    /** Answers what a committed command answers, once all groups that it is about have done so. */
    void answer(int shard, Effect.Answer answer) {
        var message = new Message(answer.to(), answer.recipient(), answer.nonce());
        if (answer.origin() == around.origin()) {
            answer(message, answer);
            return;
        }
        // To an xTR the Map-Notify says that all was taken, so one part alone is not answered.
        var split = splits.get(message);
        if (split != null && split.takes(shard, answer) && split.isComplete()) {
            splits.remove(message);
            answer(message, split.answer());
        }
    }

    private void answer(Message message, Effect.Answer answer) {
        if (answer.records().isEmpty()) {
            return; // nothing of it was taken
        }
        sent.computeIfPresent(message, (_, it) -> new Sent(it.mac(), Optional.of(answer)));
        send(answer);
    }

    /**
     * Whether one more may wait for several groups. Those that have waited for so long that a log
     * has given up a part of them do not count any more.
     */
    private boolean mayWait(Message message) {
        long now = around.steadyMillis().getAsLong();
        var oldest = splits.values().iterator();
        while (oldest.hasNext() && now - oldest.next().sinceMillis > SPLIT_MILLIS) {
            oldest.remove();
        }
        return splits.size() < MOST_SPLIT || splits.containsKey(message);
    }

    /**
     * Its Map-Notify waits for all of these. What a group has taken of the same message before
     * counts: it may come again because another group has not.
     *
     * @param replayed the groups that have taken this nonce or a greater one. Unless they were
     *     asked here to take this very message, nobody knows that they did, and it is not answered.
     */
    private void expect(List<Part> parts, Set<Integer> replayed, MapRegister register, From from) {
        var message = message(register, from);
        var mac = register.authentication().data();
        var before = splits.remove(message);
        var split = before != null && before.mac.equals(mac) ? before : new Split(mac, register);
        if (split.asked.containsAll(replayed)) {
            split.sinceMillis = around.steadyMillis().getAsLong();
            parts.forEach(it -> split.expect(it.shard(), it.command()));
            splits.put(message, split);
        }
    }

    /** A Map-Register that several groups take their parts of. */
    private static final class Split {
        private final Bytes mac;
        private final List<Eid> order;
        private final Set<Integer> asked = new HashSet<>(4);

        /** When it last came, on the steady clock. */
        private long sinceMillis;

        /** What each is asked to take; empty once it has. */
        private final Map<Integer, Set<Eid>> missing = new HashMap<>(4);

        private final Map<Eid, MappingRecord> taken = new HashMap<>();
        private Optional<Effect.Answer> last = Optional.empty();

        Split(Bytes mac, MapRegister register) {
            this.mac = mac;
            this.order = register.records().stream().map(MappingRecord::eid).distinct().toList();
        }

        void expect(int shard, Command.Register command) {
            asked.add(shard);
            missing.put(
                    shard,
                    command.records().stream().map(MappingRecord::eid).collect(Collectors.toSet()));
        }

        /** Whether the answer is to a part of it. */
        boolean takes(int shard, Effect.Answer answer) {
            var those = missing.get(shard);
            if (those == null
                    || !answer.records().stream().allMatch(it -> those.contains(it.eid()))) {
                return false;
            }
            missing.remove(shard);
            answer.records().forEach(it -> taken.put(it.eid(), it));
            last = Optional.of(answer);
            return true;
        }

        boolean isComplete() {
            return missing.isEmpty();
        }

        /** With the records in the order of the Map-Register. */
        Effect.Answer answer() {
            var it = last.orElseThrow();
            return new Effect.Answer(
                    it.origin(),
                    it.credentials(),
                    it.recipient(),
                    it.to(),
                    it.port(),
                    it.nonce(),
                    order.stream().map(taken::get).filter(Objects::nonNull).toList());
        }
    }

    private void send(Effect.Answer answer) {
        around.outbox()
                .sendNotify(
                        answer.credentials(),
                        answer.recipient(),
                        answer.to(),
                        answer.port(),
                        answer.nonce(),
                        answer.records());
    }
}
