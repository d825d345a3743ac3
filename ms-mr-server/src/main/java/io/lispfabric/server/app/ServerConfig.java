package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Ddt;
import io.lispfabric.server.core.Elsewhere;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.InccGroup;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Policies;
import io.lispfabric.server.core.Room;
import io.lispfabric.server.core.Segment;
import io.lispfabric.server.core.Segment.Domain;
import io.lispfabric.server.core.Segments;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.store.ratis.RatisGroups;
import io.lispfabric.store.ratis.RatisLogConfig;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * All settings of a Map-Server, checked. Every default stands here.
 *
 * @param member the name of this member of the cluster
 * @param data where its log and its rows are
 * @param diskReserve with fewer octets than this left where {@code data} is, nothing is registered
 * @param staleAfter a member that may have missed what was committed for longer is not ready
 * @param stateCheck how often the leader has all members compare their rows; zero for never
 * @param cluster the name of the cluster, the same at all members
 * @param groups how many Raft groups EIDs are sharded to by their Instance IDs, the same at all
 *     members
 * @param peers all members, this one included; empty for a server that stands alone
 * @param role what it is
 * @param lisp where LISP control messages arrive
 * @param admin where the admin gRPC service listens, if it does
 * @param http where {@code /metrics}, {@code /livez} and {@code /readyz} are, if they are
 * @param registrations how many and how long
 * @param repliesPerSecond Map-Replies to one address; the burst is twice that
 * @param repeatsPerSecond Map-Replies to one address about the same EID
 * @param replyTo where Map-Notifies for an xTR go
 * @param pathMtu the octets of an IP packet that every path carries; 0 when that is not known
 * @param vendors the OUIs whose LCAFs are understood
 * @param subscriptions how many and how long
 * @param lispSec which protected Map-Requests are answered
 * @param policies who may not ask
 * @param ddt its place in the delegated database tree
 * @param sites who may register what
 */
public record ServerConfig(
        String member,
        Path data,
        long diskReserve,
        Duration staleAfter,
        Duration stateCheck,
        String cluster,
        int groups,
        List<Peer> peers,
        Role role,
        InetSocketAddress lisp,
        Optional<InetSocketAddress> admin,
        Optional<InetSocketAddress> http,
        Registrations registrations,
        int repliesPerSecond,
        int repeatsPerSecond,
        ReplyTo replyTo,
        int pathMtu,
        Set<Integer> vendors,
        Subscriptions subscriptions,
        LispSec lispSec,
        Policies policies,
        Ddt ddt,
        Sites sites) {
    /** RFC 9301 §12.1. */
    public static final int LISP_PORT = 4342;

    /** Octets of a LISP message that every path of IPv4 carries (RFC 9301 §5). */
    private static final int IPV4_ROOM = 576 - 20 - 8;

    private static final int LONGEST_MAC =
            Arrays.stream(Algorithm.values()).mapToInt(Algorithm::fullLength).max().orElseThrow();

    private static final int ADMIN_PORT = 24443;
    private static final int HTTP_PORT = 24080;
    private static final int PEER_PORT = 24500;
    private static final int REPLIES_PER_SECOND = 200;

    /** A few elections long: a cluster that loses its leader has another by then. */
    static final Duration STALE_AFTER = Duration.ofSeconds(5);

    /** It costs each member a reading of all its rows. */
    static final Duration STATE_CHECK = Duration.ofMinutes(10);

    /** Which part of them may be about one EID, unless set otherwise. */
    private static final int REPEATS = 4;

    /**
     * A member of the cluster.
     *
     * @param host a name or address; it need not resolve yet
     */
    public record Peer(String id, String host, int port) {}

    /** What a server does (RFC 9301 §8.3, §8.4). */
    public enum Role {
        /** It answers for what is registered here, and asks other Map-Servers for the rest. */
        BOTH,
        /** It answers for what is registered here, and knows of no other. */
        MAP_SERVER,
        /** It passes questions on to Map-Servers; nothing is registered here. */
        MAP_RESOLVER
    }

    /** The UDP port of an xTR that Map-Notifies go to. */
    public enum ReplyTo {
        /**
         * 4342, as RFC 9301 §5.7 has it; but for xTRs on this very host, where that port may be
         * ours, the one they sent from.
         */
        AUTO,
        /** Always 4342. */
        PORT_4342,
        /** Always the one they sent from. */
        SOURCE_PORT
    }

    /**
     * What limits registrations.
     *
     * @param timeout how long one lasts that is not refreshed
     * @param most how many EID-Prefixes there may be; those that are registered can be refreshed
     *     and changed when there is room for no other
     * @param mostXtrs how many xTRs may have registered, each counted once for each key: the nonce
     *     of one is kept for ever (RFC 9301 §5.6), as where it is told of its group
     * @param repeatsPerSecond how often one EID-Prefix that is no group may be registered by all
     *     its xTRs together at one member, on average over 3 seconds, withdrawals not counted:
     *     whoever has a key could otherwise fill the log with one
     */
    public record Registrations(Duration timeout, int most, int mostXtrs, int repeatsPerSecond) {
        /** RFC 9301 §8.2: three minutes without a Map-Register. */
        public static final Registrations DEFAULT =
                new Registrations(Duration.ofMinutes(3), 2_000_000, 250_000, 100);
    }

    /**
     * What limits subscriptions.
     *
     * @param temporary how long one to something that is not registered lasts; zero for not at all
     *     (RFC 9437 §5)
     * @param room how many there may be; whoever comes then is answered by a Map-Reply
     * @param bereaved how long one lasts whose EID-Prefix is not registered any more
     * @param notifiesPerSecond how many Map-Notifies go out that have to be acknowledged: a bounded
     *     share of what this server can do (RFC 9437 §6); a tenth of it at once, which is more than
     *     all xTRs of a PoD
     * @param severalRecords whether one of them may tell of several EID-Prefixes (RFC 9301 §5.7)
     * @param configured those that the operator has set up
     */
    public record Subscriptions(
            Duration temporary,
            Room room,
            Duration bereaved,
            int notifiesPerSecond,
            boolean severalRecords,
            List<Configured> configured) {
        /** RFC 9437 §5 recommends 15 minutes. */
        public static final Subscriptions DEFAULT =
                new Subscriptions(
                        Duration.ofMinutes(15),
                        new Room(16_384, 65_536, 1_000_000),
                        Duration.ofMinutes(15),
                        100_000,
                        true,
                        List.of());

        public Subscriptions {
            configured = List.copyOf(configured);
        }

        List<Explicit> explicit() {
            return configured.stream().map(Configured::explicit).toList();
        }
    }

    /**
     * The Map-Resolver's part of LISP-SEC (RFC 9303).
     *
     * @param required whether Map-Requests without it are dropped (RFC 9301 §9)
     * @param keys what ITRs wrap their one-time keys with; independent of the sites' (RFC 9303
     *     §6.5)
     */
    public record LispSec(boolean required, List<ItrKey> keys) {
        /**
         * How many one-time keys are remembered of all secrets together (RFC 9437 §7.1), about 100
         * MB.
         */
        static final int MOST_USED_KEYS = 1 << 20;

        /** No protected Map-Request can be read, and none is asked for. */
        public static final LispSec NONE = new LispSec(false, List.of());

        public LispSec {
            keys = List.copyOf(keys);
        }

        /** The share of one secret of {@link #MOST_USED_KEYS}. */
        int mostUsedKeys() {
            return MOST_USED_KEYS / Math.max(1, keys.size());
        }

        Optional<ItrKey> key(int keyId) {
            return keys.stream().filter(it -> it.secret().keyId() == keyId).findFirst();
        }
    }

    /**
     * A secret that ITRs share with the Map-Resolver.
     *
     * @param sites in whose name its holders may subscribe; empty for all
     */
    public record ItrKey(SharedKey secret, Set<String> sites) {
        public ItrKey {
            sites = Set.copyOf(sites);
        }

        boolean speaksFor(String site) {
            return sites.isEmpty() || sites.contains(site);
        }
    }

    /**
     * A subscription that the operator has set up (RFC 9437 §5).
     *
     * @param mayChange whether the xTR may redirect or end it
     */
    public record Configured(Explicit explicit, boolean mayChange) {}

    public ServerConfig {
        peers = List.copyOf(peers);
        vendors = Set.copyOf(vendors);
    }

    /**
     * How many octets a LISP message to an address may have. RFC 9301 §5: where the path MTU is not
     * known, the IP packet has at most 576 octets of IPv4 or 1280 of IPv6.
     */
    int messageRoom(LispAddress.Ip to) {
        return to instanceof LispAddress.Ipv4
                ? pathMtu == 0 ? IPV4_ROOM : pathMtu - 20 - 8
                : (pathMtu == 0 ? 1280 : pathMtu) - 40 - 8;
    }

    /**
     * How many octets of records a Map-Notify to an address has that tells of several EID-Prefixes:
     * as many as every path carries, however long its MAC is. 0 if each has one of its own.
     */
    int newsRoom(LispAddress.Ip to) {
        return subscriptions.severalRecords()
                ? Math.min(messageRoom(to), IPV4_ROOM)
                        - Authentication.DATA_OFFSET
                        - LONGEST_MAC
                        - XtrIdentity.LENGTH
                : 0;
    }

    /** Reads and checks a settings file. */
    public static ServerConfig load(Path file) throws ConfigException {
        return from(Settings.load(file));
    }

    /** Checks settings; every one must be known. */
    public static ServerConfig from(Settings from) throws ConfigException {
        var member = from.value("member", ServerConfig::name, "ms-0");
        var data = from.file("data", "data");
        if (Files.exists(data) && !Files.isDirectory(data)) {
            throw from.error("data", "must be a folder, and " + data + " is none");
        }
        long diskReserve = from.size("disk-reserve", RatisLogConfig.RESERVE_OCTETS);
        var clusterSettings = from.section("cluster");
        var cluster = clusterSettings.value("name", ServerConfig::name, "lisp-fabric");
        int groups = (int) clusterSettings.number("groups", 1, 1, RatisGroups.MOST);
        var staleAfter = clusterSettings.duration("stale-after", STALE_AFTER);
        if (staleAfter.compareTo(Duration.ofSeconds(1)) < 0) {
            throw clusterSettings.error(
                    "stale-after",
                    "must be at least 1s: members hear each other several times a second");
        }
        var stateCheck = clusterSettings.duration("state-check", STATE_CHECK);
        if (!stateCheck.isZero() && stateCheck.compareTo(Duration.ofSeconds(1)) < 0) {
            throw clusterSettings.error("state-check", "must be at least 1s, or 0s for never");
        }
        var peers = new ArrayList<Peer>();
        for (var entry : clusterSettings.list("peers")) {
            var peer = peer(entry);
            for (var other : peers) {
                if (other.id().equals(peer.id())) {
                    throw entry.error("id", "is another peer's already: " + peer.id());
                }
                if (other.host().equals(peer.host()) && other.port() == peer.port()) {
                    throw entry.error("address", "is that of peer " + other.id() + " already");
                }
            }
            peers.add(peer);
        }
        if (!peers.isEmpty() && peers.stream().noneMatch(peer -> peer.id().equals(member))) {
            throw clusterSettings.error("peers", "this member, " + member + ", is not among them");
        }
        var role = from.value("role", ServerConfig::role, Role.BOTH);
        var lisp = from.section("lisp");
        var listen = lisp.address("listen", "0.0.0.0:" + LISP_PORT, LISP_PORT);
        if (listen.getAddress() != null && listen.getAddress().isMulticastAddress()) {
            throw lisp.error("listen", "must be an address of this host, not a group's");
        }
        if (listen.getPort() == EncapsulatedControlMessage.DATA_PORT) {
            throw lisp.error("listen", "port 4341 is that of the data plane (RFC 9300)");
        }
        var replyTo = lisp.value("reply-to", ServerConfig::replyTo, ReplyTo.AUTO);
        int replies = (int) lisp.number("replies-per-second", REPLIES_PER_SECOND, 1, 1_000_000);
        int pathMtu = (int) lisp.number("path-mtu", 0, 0, 65_535);
        if (pathMtu != 0 && pathMtu < 1280) {
            throw lisp.error("path-mtu", "must be 0 when it is not known, or at least 1280");
        }
        int repeats =
                (int)
                        lisp.number(
                                "repeats-per-second", Math.max(1, replies / REPEATS), 1, 1_000_000);
        var vendors = Set.copyOf(lisp.values("vendors", LispAddress.Vendor::oui));
        var timeout = from.duration("registration-timeout", Registrations.DEFAULT.timeout());
        if (timeout.compareTo(Duration.ofSeconds(1)) < 0) {
            throw from.error("registration-timeout", "must be at least 1s");
        }
        var policies = new ArrayList<Policies.Refusal>();
        for (var entry : from.list("refuse")) {
            policies.add(refusal(entry));
        }
        var admin = listener(from.section("admin"), ADMIN_PORT);
        var http = listener(from.section("http"), HTTP_PORT);
        if (http.isPresent() && http.equals(admin) && http.get().getPort() != 0) {
            throw from.section("http").error("listen", "is that of admin already");
        }
        var unknown = from.text("unknown-eids", "natively-forward");
        if (!unknown.equals("natively-forward") && !unknown.equals("drop")) {
            throw from.error(
                    "unknown-eids", "must be natively-forward or drop, not '" + unknown + "'");
        }
        var sites = new ArrayList<Site>();
        for (var entry : from.list("sites")) {
            var site = site(entry);
            if (sites.stream().anyMatch(it -> it.siteId().equals(site.siteId()))) {
                throw entry.error("site-id", "is another site's already: " + site.siteId());
            }
            for (var other : sites) {
                if (other.sharesSecretWith(site)) {
                    // RFC 9301 §5.6: else its xTRs could register in the name of the other's.
                    throw entry.error(
                            "keys",
                            "has a secret of site "
                                    + other.name()
                                    + ": a secret is one site's alone (RFC 9301 §5.6)");
                }
            }
            sites.add(site);
        }
        var lispSec = lispSec(from.section("lisp-sec"), sites);
        var elsewhere = new ArrayList<Elsewhere>();
        for (var entry : from.list("map-servers")) {
            elsewhere.add(elsewhere(entry));
        }
        if (role == Role.MAP_RESOLVER && !sites.isEmpty()) {
            throw from.error("sites", "nothing is registered with a Map-Resolver alone");
        }
        if (role == Role.MAP_SERVER && !elsewhere.isEmpty()) {
            throw from.error("map-servers", "a Map-Server alone asks no other");
        }
        var ddt = ddt(from.section("ddt"));
        if (role == Role.MAP_RESOLVER && ddt.inTree()) {
            throw from.error("ddt", "a Map-Resolver alone has no place in the tree");
        }
        var registrations = registrations(from.section("registrations"), timeout);
        var subscriptions = subscriptions(from.section("subscriptions"), sites);
        boolean actionForUnknown = lisp.flag("action-6-for-petr", false);
        var segments = segments(from);
        from.rejectUnread(); // a misspelt key stops the server rather than being ignored
        try {
            return new ServerConfig(
                    member,
                    data,
                    diskReserve,
                    staleAfter,
                    stateCheck,
                    cluster,
                    groups,
                    peers,
                    role,
                    listen,
                    admin,
                    http,
                    registrations,
                    replies,
                    repeats,
                    replyTo,
                    pathMtu,
                    vendors,
                    subscriptions,
                    lispSec,
                    new Policies(policies),
                    ddt,
                    new Sites(
                            sites, unknown.equals("drop"), elsewhere, actionForUnknown, segments));
        } catch (IllegalArgumentException e) {
            throw from.error("sites", e);
        }
    }

    /** A server that stands alone, with everything else at its default: for a demo or a test. */
    public static ServerConfig alone(
            String member, Path data, InetSocketAddress lisp, Sites sites) {
        return new ServerConfig(
                member,
                data,
                RatisLogConfig.RESERVE_OCTETS,
                STALE_AFTER,
                STATE_CHECK,
                "lisp-fabric",
                1,
                List.of(),
                Role.BOTH,
                lisp,
                Optional.empty(),
                Optional.empty(),
                Registrations.DEFAULT,
                REPLIES_PER_SECOND,
                REPLIES_PER_SECOND / REPEATS,
                ReplyTo.AUTO,
                0,
                Set.of(),
                Subscriptions.DEFAULT,
                LispSec.NONE,
                Policies.NONE,
                Ddt.NONE,
                sites);
    }

    /** The same server with a place in the delegated database tree. */
    public ServerConfig in(Ddt tree) {
        return but(it -> it.ddt = tree);
    }

    /** The same server with another role. */
    public ServerConfig as(Role other) {
        return but(it -> it.role = other);
    }

    /** The same server with LISP-SEC. */
    public ServerConfig protectedBy(LispSec protection) {
        return but(it -> it.lispSec = protection);
    }

    /** The same server as a member of a cluster. */
    public ServerConfig in(String clusterName, List<Peer> members) {
        return but(it -> {
            it.cluster = clusterName;
            it.peers = members;
        });
    }

    /** The same server with EIDs sharded to so many groups. */
    public ServerConfig shardedTo(int count) {
        return but(it -> it.groups = count);
    }

    /** The same server with its admin listeners at these addresses. */
    public ServerConfig administeredAt(
            InetSocketAddress adminAddress, InetSocketAddress httpAddress) {
        return but(it -> {
            it.admin = Optional.of(adminAddress);
            it.http = Optional.of(httpAddress);
        });
    }

    /** The same server with another reserve on its disk. */
    ServerConfig keepingFree(long octets) {
        return but(it -> it.diskReserve = octets);
    }

    /** The same server, keeping and telling what these vendors say, by their OUIs (RFC 9306). */
    public ServerConfig understanding(Set<Integer> ouis) {
        return but(it -> it.vendors = ouis);
    }

    /** The same server with other rules for who may ask, and subscribe to what. */
    ServerConfig with(Policies others, Subscriptions limits) {
        return but(it -> {
            it.policies = others;
            it.subscriptions = limits;
        });
    }

    private ServerConfig but(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** A copy of which some settings are changed. */
    private static final class Draft {
        private final ServerConfig like;
        private long diskReserve;
        private String cluster;
        private int groups;
        private List<Peer> peers;
        private Role role;
        private Optional<InetSocketAddress> admin;
        private Optional<InetSocketAddress> http;
        private Set<Integer> vendors;
        private Registrations registrations;
        private Subscriptions subscriptions;
        private LispSec lispSec;
        private Policies policies;
        private Ddt ddt;

        Draft(ServerConfig like) {
            this.like = like;
            this.diskReserve = like.diskReserve;
            this.cluster = like.cluster;
            this.groups = like.groups;
            this.peers = like.peers;
            this.role = like.role;
            this.admin = like.admin;
            this.http = like.http;
            this.vendors = like.vendors;
            this.registrations = like.registrations;
            this.subscriptions = like.subscriptions;
            this.lispSec = like.lispSec;
            this.policies = like.policies;
            this.ddt = like.ddt;
        }

        ServerConfig done() {
            return new ServerConfig(
                    like.member,
                    like.data,
                    diskReserve,
                    like.staleAfter,
                    like.stateCheck,
                    cluster,
                    groups,
                    peers,
                    role,
                    like.lisp,
                    admin,
                    http,
                    registrations,
                    like.repliesPerSecond,
                    like.repeatsPerSecond,
                    like.replyTo,
                    like.pathMtu,
                    vendors,
                    subscriptions,
                    lispSec,
                    policies,
                    ddt,
                    like.sites);
        }
    }

    private static String name(String text) {
        if (!text.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException(
                    "must be 1 to 64 letters, digits, '.', '_' or '-', not '" + text + "'");
        }
        return text;
    }

    private static Peer peer(Settings from) throws ConfigException {
        var id = from.value("id", ServerConfig::name);
        var address = from.text("address");
        int colon = address.lastIndexOf(':');
        var host = colon < 0 ? address : address.substring(0, colon);
        var port = colon < 0 ? Integer.toString(PEER_PORT) : address.substring(colon + 1);
        if (host.isEmpty()
                || !port.matches("\\d{1,5}")
                || Integer.parseInt(port) < 1
                || Integer.parseInt(port) > 65535) {
            throw from.error("address", "must be host:port, not '" + address + "'");
        }
        return new Peer(
                id,
                host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
                Integer.parseInt(port));
    }

    private static Elsewhere elsewhere(Settings from) throws ConfigException {
        var iid = iid(from);
        var prefix =
                from.value(
                        "prefix",
                        text -> {
                            var parsed = SitePrefix.parse(iid, text, true, false);
                            if (parsed.groups().isPresent()) {
                                throw new IllegalArgumentException(
                                        "other Map-Servers are not asked for groups");
                            }
                            return parsed;
                        });
        var servers =
                from.values("addresses", text -> Settings.socketAddress(text, LISP_PORT)).stream()
                        .map(it ->
                                new Elsewhere.Server(
                                        LispAddress.Ip.of(it.getAddress()), it.getPort()))
                        .toList();
        try {
            return new Elsewhere(prefix, servers);
        } catch (IllegalArgumentException e) {
            throw from.error("addresses", e);
        }
    }

    private static Ddt ddt(Settings from) throws ConfigException {
        var authority = new ArrayList<Eid>();
        for (var entry : from.list("authority")) {
            var iid = iid(entry);
            authority.add(entry.value("prefix", text -> new Eid(iid, whole(text))));
        }
        var servers = from.values("servers", LispAddress.Ip::parse);
        boolean complete = from.flag("complete", false);
        if (servers.isEmpty() && (complete || !authority.isEmpty())) {
            throw from.error(
                    "servers", "must name all Map-Servers of the same prefixes, this one too");
        }
        return new Ddt(authority, servers, complete);
    }

    /** What a message can say: names have no prefixes there. */
    private static EidPrefix whole(String text) {
        if (text.startsWith("name:") && text.endsWith("*")) {
            throw new IllegalArgumentException("names are delegated one by one, not as " + text);
        }
        return EidPrefix.parse(text);
    }

    private static Role role(String text) {
        return switch (text) {
            case "both" -> Role.BOTH;
            case "map-server" -> Role.MAP_SERVER;
            case "map-resolver" -> Role.MAP_RESOLVER;
            default ->
                    throw new IllegalArgumentException(
                            "must be both, map-server or map-resolver, not '" + text + "'");
        };
    }

    private static ReplyTo replyTo(String text) {
        return switch (text) {
            case "auto" -> ReplyTo.AUTO;
            case "4342" -> ReplyTo.PORT_4342;
            case "source-port" -> ReplyTo.SOURCE_PORT;
            default ->
                    throw new IllegalArgumentException(
                            "must be auto, 4342 or source-port, not '" + text + "'");
        };
    }

    private static Optional<InetSocketAddress> listener(Settings from, int port)
            throws ConfigException {
        if (from.text("listen", "").equals("off")) {
            return Optional.empty();
        }
        var address = from.address("listen", "127.0.0.1:" + port, port);
        boolean insecure = from.flag("insecure", false);
        // Neither TLS nor authentication is there yet, so whoever opens it to others must say that
        // he knows.
        if (!address.getAddress().isLoopbackAddress() && !insecure) {
            throw from.error(
                    "listen",
                    "is not a loopback address; that needs insecure: true, as there is no TLS yet");
        }
        return Optional.of(address);
    }

    private static Registrations registrations(Settings from, Duration timeout)
            throws ConfigException {
        var unless = Registrations.DEFAULT;
        return new Registrations(
                timeout,
                (int) from.number("most", unless.most(), 1, 100_000_000),
                (int) from.number("most-xtrs", unless.mostXtrs(), 1, 100_000_000),
                (int) from.number("repeats-per-second", unless.repeatsPerSecond(), 1, 1_000_000));
    }

    private static Subscriptions subscriptions(Settings from, List<Site> sites)
            throws ConfigException {
        var unless = Subscriptions.DEFAULT;
        var temporary = from.duration("temporary", unless.temporary());
        var room =
                new Room(
                        (int)
                                from.number(
                                        "most-unconfirmed",
                                        unless.room().mostUnconfirmed(),
                                        1,
                                        10_000_000),
                        (int)
                                from.number(
                                        "most-per-xtr", unless.room().mostPerXtr(), 1, 10_000_000),
                        (int) from.number("most", unless.room().most(), 1, 10_000_000));
        var bereaved = from.duration("after-withdrawal", unless.bereaved());
        if (bereaved.compareTo(Duration.ofMinutes(1)) < 0) {
            throw from.error("after-withdrawal", "must be at least 1m");
        }
        int notifies =
                (int) from.number("notifies-per-second", unless.notifiesPerSecond(), 1, 10_000_000);
        boolean severalRecords = from.flag("several-records", unless.severalRecords());
        var configured = new ArrayList<Configured>();
        for (var entry : from.list("configured")) {
            var one = configured(entry, sites);
            if (configured.stream()
                    .anyMatch(it -> it.explicit().id().equals(one.explicit().id()))) {
                throw entry.error("prefix", "is configured twice for this xTR");
            }
            configured.add(one);
        }
        return new Subscriptions(temporary, room, bereaved, notifies, severalRecords, configured);
    }

    private static Configured configured(Settings from, List<Site> sites) throws ConfigException {
        var siteId = from.value("site-id", ServerConfig::siteId);
        var site =
                sites.stream()
                        .filter(it -> it.siteId().equals(siteId))
                        .findFirst()
                        .orElseThrow(() -> from.error("site-id", "is no site's: " + siteId));
        var xtr = new XtrIdentity(from.value("xtr-id", XtrId::parse), siteId);
        var iid = iid(from);
        var eid = from.value("prefix", text -> new Eid(iid, EidPrefix.parse(text)));
        var rlocs = from.values("itr-rlocs", LispAddress.Ip::parse);
        if (rlocs.isEmpty()) {
            throw from.error("itr-rlocs", "at least one is needed");
        }
        var nonce = new Nonce(from.value("nonce", Long::parseUnsignedLong));
        return new Configured(
                new Explicit(
                        new ListenerId.Subscriber(eid, xtr),
                        new Contact(site.defaultCredentials(), rlocs, LISP_PORT),
                        nonce),
                from.flag("may-change", true));
    }

    private static InstanceId iid(Settings from) throws ConfigException {
        return new InstanceId((int) from.number("iid", 0, 0, 0xFF_FFFF));
    }

    private static Policies.Refusal refusal(Settings from) throws ConfigException {
        var sources = from.values("sources", ServerConfig::rlocs);
        var xtrIds = Set.copyOf(from.values("xtr-ids", XtrId::parse));
        var siteIds = Set.copyOf(from.values("site-ids", ServerConfig::siteId));
        var iids =
                Set.copyOf(
                        from.values(
                                "iids", text -> new InstanceId(Integer.parseUnsignedInt(text))));
        boolean subscriptionsOnly = from.flag("subscriptions-only", false);
        try {
            return new Policies.Refusal(sources, xtrIds, siteIds, iids, subscriptionsOnly);
        } catch (IllegalArgumentException e) {
            throw from.error("sources", e);
        }
    }

    private static Segments segments(Settings from) throws ConfigException {
        var served = from.value("domain", ServerConfig::served, EnumSet.allOf(Domain.class));
        var segments = new ArrayList<Segment>();
        for (var each : from.list("segments")) {
            segments.add(segment(each));
        }
        var groups = new ArrayList<InccGroup>();
        for (var each : from.list("incc-groups")) {
            groups.add(
                    new InccGroup(
                            each.value("name", ServerConfig::name),
                            optionalName(each, "incc-domain"),
                            Set.copyOf(each.values("collectives", ServerConfig::collective)),
                            each.values("members", EidPrefix::parse)));
        }
        try {
            return new Segments(segments, groups, served);
        } catch (IllegalArgumentException e) {
            throw from.error("segments", e);
        }
    }

    private static Segment segment(Settings from) throws ConfigException {
        var iid = new InstanceId((int) from.number("iid", 0, 0xFF_FFFF));
        var unknown = from.text("unknown-eids", "");
        if (!unknown.isEmpty() && !unknown.equals("natively-forward") && !unknown.equals("drop")) {
            throw from.error(
                    "unknown-eids", "must be natively-forward or drop, not '" + unknown + "'");
        }
        return new Segment(
                iid,
                from.value("name", ServerConfig::name),
                from.value("domain", ServerConfig::domain),
                optionalName(from, "incc-domain"),
                optionalName(from, "incc-group"),
                unknown.isEmpty() ? Optional.empty() : Optional.of(unknown.equals("drop")));
    }

    private static Optional<String> optionalName(Settings from, String key) throws ConfigException {
        return from.text(key, "").isEmpty()
                ? Optional.empty()
                : Optional.of(from.value(key, ServerConfig::name));
    }

    private static Domain domain(String text) {
        return switch (text) {
            case "scale-up" -> Domain.SCALE_UP;
            case "scale-out" -> Domain.SCALE_OUT;
            default ->
                    throw new IllegalArgumentException(
                            "must be scale-up or scale-out, not '" + text + "'");
        };
    }

    private static Set<Domain> served(String text) {
        if (text.equals("hybrid")) {
            return EnumSet.allOf(Domain.class);
        }
        try {
            return EnumSet.of(domain(text));
        } catch (IllegalArgumentException _) {
            throw new IllegalArgumentException(
                    "must be scale-up, scale-out or hybrid, not '" + text + "'");
        }
    }

    private static InccGroup.Collective collective(String text) {
        for (var each : InccGroup.Collective.values()) {
            if (each.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(text)) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "a collective is all-reduce, broadcast, gather, scatter or all-to-all, not '"
                        + text
                        + "'");
    }

    private static Site site(Settings from) throws ConfigException {
        var name = from.value("name", ServerConfig::name);
        var siteId = from.value("site-id", ServerConfig::siteId, new SiteId(0));
        var keys = new ArrayList<SharedKey>();
        var ids = new HashSet<Integer>();
        for (var key : from.list("keys")) {
            keys.add(key(key));
            if (!ids.add(keys.getLast().keyId())) {
                throw key.error("id", "is used by another key of the site");
            }
        }
        if (keys.isEmpty()) {
            throw from.error("keys", "a site needs at least one key");
        }
        var prefixes = new ArrayList<SitePrefix>();
        for (var entry : from.list("prefixes")) {
            var prefix = prefix(entry);
            if (prefixes.stream().anyMatch(it -> it.toString().equals(prefix.toString()))) {
                throw entry.error("prefix", "is there twice: " + prefix);
            }
            prefixes.add(prefix);
        }
        var nonces = from.text("nonce-check", "increasing");
        if (!nonces.equals("increasing") && !nonces.equals("random")) {
            throw from.error("nonce-check", "must be increasing or random, not '" + nonces + "'");
        }
        return new Site(
                name,
                siteId,
                keys,
                prefixes,
                nonces.equals("increasing"),
                from.values("rlocs", ServerConfig::rlocs),
                from.flag("notify-xtr-id", false),
                from.flag("answer-duplicates", false));
    }

    private static EidPrefix rlocs(String text) {
        var block = EidPrefix.parse(text);
        if (!(block.address() instanceof LispAddress.Ip)) {
            throw new IllegalArgumentException(
                    "RLOCs are IP addresses, such as 10.9.0.0/16, not '" + text + "'");
        }
        return block;
    }

    private static LispSec lispSec(Settings from, List<Site> sites) throws ConfigException {
        boolean required = from.flag("require", false);
        var keys = new ArrayList<ItrKey>();
        for (var entry : from.list("keys")) {
            int id = (int) entry.number("id", 0, 0, 255);
            var secret = Bytes.of(entry.secret("secret"));
            var speaksFor = Set.copyOf(entry.values("sites", ServerConfig::name));
            for (var site : speaksFor) {
                if (sites.stream().noneMatch(it -> it.name().equals(site))) {
                    throw entry.error("sites", "no site is called " + site);
                }
            }
            if (keys.stream().anyMatch(it -> it.secret().keyId() == id)) {
                throw entry.error("id", "is used by another key of lisp-sec");
            }
            // RFC 9303 §6.5: else an ETR could vouch for EIDs that are not its own.
            if (sites.stream()
                    .flatMap(it -> it.keys().stream())
                    .anyMatch(it -> it.secret().equals(secret))) {
                throw entry.error(
                        "secret-file", "must be independent of the sites' secrets (RFC 9303 §6.5)");
            }
            try {
                keys.add(new ItrKey(SharedKey.of(id, secret), speaksFor));
            } catch (IllegalArgumentException e) {
                throw entry.error("secret-file", e);
            }
        }
        if (required && keys.isEmpty()) {
            throw from.error("require", "needs keys, or nobody will be answered");
        }
        return new LispSec(required, keys);
    }

    private static SiteId siteId(String text) {
        try {
            return new SiteId(Long.parseUnsignedLong(text));
        } catch (NumberFormatException _) {
            throw new IllegalArgumentException(
                    "a Site-ID is a number of 64 bits, not '" + text + "'");
        }
    }

    private static SharedKey key(Settings from) throws ConfigException {
        int id = (int) from.number("id", 0, 0, 255);
        var algorithms = from.values("algorithms", ServerConfig::algorithm);
        var accepted =
                algorithms.isEmpty()
                        ? EnumSet.of(Algorithm.HMAC_SHA256_128_HKDF)
                        : EnumSet.copyOf(algorithms);
        boolean legacyLength = from.flag("legacy-length", false);
        boolean legacySecret = from.flag("legacy-secret", false);
        var coverage = from.text("mac-coverage", "message");
        if (!coverage.equals("message") && !coverage.equals("records")) {
            throw from.error("mac-coverage", "must be message or records, not '" + coverage + "'");
        }
        var secret = Bytes.of(from.secret("secret"));
        try {
            return new SharedKey(
                    id, secret, accepted, legacyLength, legacySecret, coverage.equals("records"));
        } catch (IllegalArgumentException e) {
            throw from.error("secret-file", e);
        }
    }

    private static Algorithm algorithm(String text) {
        return Algorithm.of(text.matches("\\d{1,3}") ? Integer.parseInt(text) : -1)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "an algorithm is 1, 2 or 3, not '" + text + "'"));
    }

    private static SitePrefix prefix(Settings from) throws ConfigException {
        var iid = iid(from);
        boolean moreSpecifics = from.flag("accept-more-specifics", false);
        boolean accelerators = from.flag("accelerators", false);
        if (from.flag("petr", false)) {
            return from.value("prefix", text -> SitePrefix.petr(iid, text));
        }
        return from.value(
                "prefix",
                text ->
                        SitePrefix.parse(
                                iid, exact(text), moreSpecifics || accelerators, accelerators));
    }

    /** A prefix with bits behind its length is more likely a slip than meant so. */
    private static String exact(String text) {
        int slash = text.lastIndexOf('/');
        if (slash > 0 && !text.startsWith("name:")) {
            var plain = text.startsWith("group:") ? 6 : 0;
            var prefix = EidPrefix.parse(text.substring(plain));
            if (!prefix.address().equals(EidPrefix.parse(text.substring(plain, slash)).address())) {
                throw new IllegalArgumentException(
                        "has bits behind its length; " + prefix + " has not: '" + text + "'");
            }
        }
        return text;
    }
}
