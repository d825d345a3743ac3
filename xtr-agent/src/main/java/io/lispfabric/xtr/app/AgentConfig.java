package io.lispfabric.xtr.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.xtr.core.EidKey;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.Protecting;
import io.lispfabric.xtr.forward.Encapsulation;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Everything that one xTR is told before it starts. Who holds one knows that it was checked.
 *
 * @param name what people call it
 * @param rloc its own locator, an address of this machine
 * @param identity xTR-ID and Site-ID; the Site-ID is the PoD's number (draft-jain §6.1)
 * @param state where nonces are kept over restarts (RFC 9301 §5.6); without it they start from the
 *     clock
 * @param controlPort the LISP control port (RFC 9301 §12.1)
 * @param lispPort the LISP data port (RFC 9300 §19.1), on this xTR and on all it sends to
 * @param vxlanGpePort the VXLAN-GPE port, likewise
 * @param recordTtl how long others may cache what is registered, in minutes
 * @param priority of the own locator; 0 to 254, lower is better (RFC 9301 §5.4)
 * @param weight of the own locator, 0 to 255
 * @param mapCacheEntries the most map-cache entries of one domain
 * @param vendors the OUIs whose LCAFs are understood: of all others a message is dropped (RFC 9306
 *     §4)
 * @param reEncapsulate whether packets from the network that are for others are sent on: a pxTR
 * @param adminListen where gRPC listens, if anywhere
 * @param httpListen where {@code /metrics}, {@code /livez} and {@code /readyz} are, if anywhere
 * @param domains the mapping systems it takes part in
 * @param database prefixes registered without an attachment: what a pxTR answers for
 * @param attachments the accelerators
 */
public record AgentConfig(
        String name,
        Ip rloc,
        XtrIdentity identity,
        Optional<Path> state,
        int controlPort,
        int lispPort,
        int vxlanGpePort,
        RecordTtl recordTtl,
        int priority,
        int weight,
        int mapCacheEntries,
        Set<Integer> vendors,
        boolean reEncapsulate,
        Optional<InetSocketAddress> adminListen,
        Optional<InetSocketAddress> httpListen,
        List<Domain> domains,
        List<DatabaseEntry> database,
        List<Attachment> attachments) {
    private static final int PRIORITY = 1;
    private static final int WEIGHT = 50;
    private static final int MAP_CACHE_ENTRIES = 65_536;

    /**
     * @throws IllegalArgumentException with a sentence for the operator, when the parts do not fit
     */
    public AgentConfig {
        vendors = Set.copyOf(vendors);
        domains = List.copyOf(domains);
        database = List.copyOf(database);
        attachments = List.copyOf(attachments);
        if (!rloc.isUnicast()) {
            throw new IllegalArgumentException("rloc: not a unicast address: " + rloc);
        }
        if (domains.isEmpty()) {
            throw new IllegalArgumentException("domains: at least one is needed");
        }
        var names = new HashSet<String>();
        var routes = new HashSet<Route>();
        for (var domain : domains) {
            if (!names.add(domain.name())) {
                throw new IllegalArgumentException("domains: there are two named " + domain.name());
            }
            for (var route : domain.routes()) {
                if (!routes.add(route)) {
                    throw new IllegalArgumentException("domains: two have the route " + route);
                }
            }
        }
        var known = domains;
        for (var entry : database) {
            for (var domain : entry.domains()) {
                if (!names.contains(domain)) {
                    throw new IllegalArgumentException(
                            "database: " + entry.eid() + ": no domain is named " + domain);
                }
            }
        }
        var owners = new HashMap<Eid, String>();
        for (var entry : database) {
            refuseSecond(owners, entry.eid(), "database");
        }
        var ouis = vendors;
        var attached = new HashSet<String>();
        for (var attachment : attachments) {
            if (!attached.add(attachment.name())) {
                throw new IllegalArgumentException(
                        "attachments: there are two named " + attachment.name());
            }
            // It comes back in the Map-Notify, which would be dropped for it (RFC 9306 §4).
            if (attachment.metadata().filter(it -> !ouis.contains(it.oui())).isPresent()) {
                throw new IllegalArgumentException(
                        "attachments: "
                                + attachment.name()
                                + ": metadata of a vendor that is not in vendors");
            }
            for (var eid : attachment.eids()) {
                refuseSecond(owners, eid, "attachment " + attachment.name());
                if (known.stream().noneMatch(it -> it.answersFor(eid))) {
                    throw new IllegalArgumentException(
                            "attachments: no domain has a route for " + eid);
                }
            }
            for (var group : attachment.groups()) {
                if (home(known, group).isEmpty()) {
                    throw new IllegalArgumentException(
                            "attachments: no domain has a route for " + group);
                }
            }
        }
        var carried = new HashSet<Eid>();
        for (var domain : domains) {
            for (var group : domain.groups()) {
                var home = home(known, group);
                if (home.isEmpty() || home.get().equals(domain)) {
                    throw new IllegalArgumentException(
                            "domains: "
                                    + domain.name()
                                    + ": no other domain has the longest route for "
                                    + group);
                }
                if (!carried.add(group)) {
                    throw new IllegalArgumentException(
                            "domains: " + group + " cannot be carried to two of them");
                }
            }
        }
    }

    /** The domain with the longest route for an EID. */
    private static Optional<Domain> home(List<Domain> domains, Eid eid) {
        return domains.stream()
                .filter(it -> it.answersFor(eid))
                .max(Comparator.comparingInt(it -> it.longestRoute(eid)));
    }

    /**
     * A mapping system (draft-jain §3). What is learnt in one is never used in another.
     *
     * @param mapServers the members of its cluster
     * @param key shared with it
     * @param routes the destinations that are looked up in it; of all domains the longest route
     *     decides
     * @param subscribe prefixes to subscribe to before there are packets (draft-jain §5.3)
     * @param proxyReply whether the Map-Server answers Map-Requests for this xTR (RFC 9301 §5.6)
     * @param protecting whether and how Map-Requests are protected (RFC 9303)
     * @param groups those that this xTR, a pxTR, carries between this network and that of its PoD,
     *     which has the route for them (draft-jain §6.3)
     */
    public record Domain(
            String name,
            List<InetSocketAddress> mapServers,
            SharedKey key,
            Encapsulation encapsulation,
            List<Route> routes,
            List<Eid> subscribe,
            boolean proxyReply,
            Optional<Protecting> protecting,
            List<Eid> groups) {
        /**
         * @throws IllegalArgumentException when a name cannot be one, or there is no Map-Server
         */
        public Domain {
            if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
                throw new IllegalArgumentException(
                        "a domain's name has letters, digits, '.', '_' and '-', not '"
                                + name
                                + "'");
            }
            mapServers = List.copyOf(mapServers);
            routes = List.copyOf(routes);
            subscribe = List.copyOf(subscribe);
            groups = List.copyOf(groups);
            if (mapServers.isEmpty()) {
                throw new IllegalArgumentException("domain " + name + " has no map-servers");
            }
        }

        /** A domain with VXLAN-GPE, the default. */
        public static Domain of(
                String name, List<InetSocketAddress> mapServers, SharedKey key, String... routes) {
            return new Domain(
                    name,
                    mapServers,
                    key,
                    Encapsulation.VXLAN_GPE,
                    List.of(routes).stream().map(Route::parse).toList(),
                    List.of(),
                    true,
                    Optional.empty(),
                    List.of());
        }

        public Domain withEncapsulation(Encapsulation other) {
            return but(it -> it.encapsulation = other);
        }

        public Domain subscribing(List<Eid> prefixes) {
            return but(it -> it.subscribe = prefixes);
        }

        /** An xTR that answers Map-Requests itself. */
        public Domain answeringItself() {
            return but(it -> it.proxyReply = false);
        }

        /** Map-Requests are protected by LISP-SEC. */
        public Domain protectedBy(Protecting how) {
            return but(it -> it.protecting = Optional.of(how));
        }

        /** A pxTR carries these groups between this network and that of its PoD. */
        public Domain carrying(List<Eid> others) {
            return but(it -> it.groups = others);
        }

        private Domain but(Consumer<Draft> change) {
            var draft = new Draft(this);
            change.accept(draft);
            return draft.done();
        }

        /** A copy of which some settings are changed. */
        private static final class Draft {
            private final Domain like;
            private Encapsulation encapsulation;
            private List<Eid> subscribe;
            private boolean proxyReply;
            private Optional<Protecting> protecting;
            private List<Eid> groups;

            Draft(Domain like) {
                this.like = like;
                this.encapsulation = like.encapsulation;
                this.subscribe = like.subscribe;
                this.proxyReply = like.proxyReply;
                this.protecting = like.protecting;
                this.groups = like.groups;
            }

            Domain done() {
                return new Domain(
                        like.name,
                        like.mapServers,
                        like.key,
                        encapsulation,
                        like.routes,
                        subscribe,
                        proxyReply,
                        protecting,
                        groups);
            }
        }

        boolean answersFor(Eid eid) {
            return routes.stream().anyMatch(it -> it.covers(eid));
        }

        private int longestRoute(Eid eid) {
            return routes.stream()
                    .filter(it -> it.covers(eid))
                    .mapToInt(it -> it.prefix().map(EidPrefix::length).orElse(-1))
                    .max()
                    .orElse(-1);
        }
    }

    /**
     * Destinations that are looked up in a domain: a prefix, or with none everything in a segment.
     */
    public record Route(InstanceId iid, Optional<EidPrefix> prefix) {
        /**
         * Reads {@code [1]10.0.0.0/16} or {@code [100]*}.
         *
         * @throws IllegalArgumentException with a sentence for the user
         */
        public static Route parse(String text) {
            if (text.matches("\\[\\d{1,8}]\\*")) {
                return new Route(
                        new InstanceId(Integer.parseInt(text.substring(1, text.length() - 2))),
                        Optional.empty());
            }
            var eid = Eid.parse(text, InstanceId.DEFAULT);
            return new Route(eid.iid(), Optional.of(eid.prefix()));
        }

        boolean covers(Eid eid) {
            var looked =
                    eid.prefix().address() instanceof MulticastInfo info
                            ? EidPrefix.of(info.group().address())
                            : eid.prefix();
            return iid.equals(eid.iid()) && prefix.map(it -> it.covers(looked)).orElse(true);
        }

        @Override
        public String toString() {
            return "[" + iid + "]" + prefix.map(EidPrefix::toString).orElse("*");
        }
    }

    /** A prefix that is registered although no accelerator has it, and in which domains. */
    public record DatabaseEntry(Eid eid, List<String> domains) {
        public DatabaseEntry {
            domains = List.copyOf(domains);
            if (isGroup(eid)) {
                refuseAsOwn(eid);
            }
        }
    }

    /**
     * An accelerator, by a UDP socket on the same machine. A datagram is one octet of Next Protocol
     * ({@link io.lispfabric.wire.encap.NextProtocol}) and a packet.
     *
     * @param eids its own: what it may send from, and is registered
     * @param listen where the agent takes its datagrams; port 0 lets the kernel choose
     * @param deliver where its datagrams go; otherwise to where the last one came from
     * @param metadata what is registered about it beside where it is: of which kind it is, for
     *     example (draft-jain §4.1, RFC 9306)
     * @param groups what it receives: (*,G), or (S,G) when only one source is wanted
     */
    public record Attachment(
            String name,
            List<Eid> eids,
            InetSocketAddress listen,
            Optional<InetSocketAddress> deliver,
            Optional<LispAddress.Vendor> metadata,
            List<Eid> groups) {
        /** One about which there is nothing to say. */
        public Attachment(
                String name,
                List<Eid> eids,
                InetSocketAddress listen,
                Optional<InetSocketAddress> deliver) {
            this(name, eids, listen, deliver, Optional.empty(), List.of());
        }

        /** The same accelerator, receiving these groups. */
        public Attachment receiving(List<Eid> others) {
            return new Attachment(name, eids, listen, deliver, metadata, others);
        }

        /**
         * @throws IllegalArgumentException when there is no EID
         */
        public Attachment {
            eids = List.copyOf(eids);
            groups = List.copyOf(groups);
            if (eids.isEmpty()) {
                throw new IllegalArgumentException("attachment " + name + " has no eids");
            }
            eids.stream().filter(AgentConfig::isGroup).forEach(AgentConfig::refuseAsOwn);
        }
    }

    /** An xTR with the defaults for everything else. */
    public static AgentConfig of(String name, Ip rloc, XtrIdentity identity, List<Domain> domains) {
        return new AgentConfig(
                name,
                rloc,
                identity,
                Optional.empty(),
                MappingDomain.CONTROL_PORT,
                Encapsulation.LISP.port(),
                Encapsulation.VXLAN_GPE.port(),
                RecordTtl.ONE_DAY,
                PRIORITY,
                WEIGHT,
                MAP_CACHE_ENTRIES,
                Set.of(),
                false,
                Optional.empty(),
                Optional.empty(),
                domains,
                List.of(),
                List.of());
    }

    public AgentConfig withDatabase(List<DatabaseEntry> entries) {
        return but(it -> it.database = entries);
    }

    public AgentConfig withAttachments(List<Attachment> accelerators) {
        return but(it -> it.attachments = accelerators);
    }

    /** With another priority and weight of its own locator. */
    public AgentConfig withLocator(int newPriority, int newWeight) {
        return but(it -> {
            it.priority = newPriority;
            it.weight = newWeight;
        });
    }

    /** A pxTR. */
    public AgentConfig reEncapsulating() {
        return but(it -> it.reEncapsulate = true);
    }

    public AgentConfig withState(Path folder) {
        return but(it -> it.state = Optional.of(folder));
    }

    public AgentConfig withPorts(int control, int lisp, int vxlanGpe) {
        return but(it -> {
            it.controlPort = control;
            it.lispPort = lisp;
            it.vxlanGpePort = vxlanGpe;
        });
    }

    public AgentConfig withListeners(
            Optional<InetSocketAddress> admin, Optional<InetSocketAddress> http) {
        return but(it -> {
            it.adminListen = admin;
            it.httpListen = http;
        });
    }

    private AgentConfig but(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** A copy of which some settings are changed. */
    private static final class Draft {
        private final AgentConfig like;
        private Optional<Path> state;
        private int controlPort;
        private int lispPort;
        private int vxlanGpePort;
        private int priority;
        private int weight;
        private boolean reEncapsulate;
        private Optional<InetSocketAddress> adminListen;
        private Optional<InetSocketAddress> httpListen;
        private List<DatabaseEntry> database;
        private List<Attachment> attachments;

        Draft(AgentConfig like) {
            this.like = like;
            this.state = like.state;
            this.controlPort = like.controlPort;
            this.lispPort = like.lispPort;
            this.vxlanGpePort = like.vxlanGpePort;
            this.priority = like.priority;
            this.weight = like.weight;
            this.reEncapsulate = like.reEncapsulate;
            this.adminListen = like.adminListen;
            this.httpListen = like.httpListen;
            this.database = like.database;
            this.attachments = like.attachments;
        }

        AgentConfig done() {
            return new AgentConfig(
                    like.name,
                    like.rloc,
                    like.identity,
                    state,
                    controlPort,
                    lispPort,
                    vxlanGpePort,
                    like.recordTtl,
                    priority,
                    weight,
                    like.mapCacheEntries,
                    like.vendors,
                    reEncapsulate,
                    adminListen,
                    httpListen,
                    like.domains,
                    database,
                    attachments);
        }
    }

    /** Reads a file. */
    public static AgentConfig load(Path file) throws ConfigException {
        return from(Settings.load(file));
    }

    /** Reads settings, and refuses those it does not know. */
    public static AgentConfig from(Settings from) throws ConfigException {
        var name = from.text("name");
        var rloc = from.value("rloc", Ip::parse);
        var xtrId = from.value("xtr-id", XtrId::parse);
        var siteId = from.value("site-id", text -> new SiteId(Long.parseUnsignedLong(text)));
        var state = optionalFile(from, "state");
        int controlPort = port(from, "control-port", MappingDomain.CONTROL_PORT);
        if (controlPort == EncapsulatedControlMessage.DATA_PORT) {
            throw from.error("control-port", "must not be 4341 (RFC 9301 §5.8)");
        }
        int lispPort = port(from, "lisp-port", Encapsulation.LISP.port());
        int vxlanGpePort = port(from, "vxlan-gpe-port", Encapsulation.VXLAN_GPE.port());
        var ttl = ttl(from);
        int priority = (int) from.number("priority", PRIORITY, 0, 254);
        int weight = (int) from.number("weight", WEIGHT, 0, 255);
        int entries = (int) from.number("map-cache-entries", MAP_CACHE_ENTRIES, 16, 100_000_000);
        var vendors = Set.copyOf(from.values("vendors", LispAddress.Vendor::oui));
        boolean reEncapsulate = from.flag("re-encapsulate", false);
        var admin = listener(from.section("admin"));
        var http = listener(from.section("http"));
        var domains = new ArrayList<Domain>();
        for (var each : from.list("domains")) {
            var domain = domain(each);
            if (!domain.proxyReply() && controlPort != MappingDomain.CONTROL_PORT) {
                throw each.error(
                        "proxy-reply",
                        "can be false only with control-port: 4342, which is where a Map-Server"
                                + " asks (RFC 9301 §5.8)");
            }
            for (var other : domains) {
                if (!Collections.disjoint(other.mapServers(), domain.mapServers())) {
                    throw each.error(
                            "map-servers",
                            "are those of domain "
                                    + other.name()
                                    + " too, and would take what one says for the other's played"
                                    + " again: one domain can have the routes of both");
                }
            }
            domains.add(domain);
        }
        var database = new ArrayList<DatabaseEntry>();
        for (var each : from.list("database")) {
            database.add(
                    new DatabaseEntry(
                            each.value("eid", AgentConfig::eid),
                            each.values("domains", text -> text)));
        }
        var attachments = new ArrayList<Attachment>();
        for (var each : from.list("attachments")) {
            attachments.add(attachment(each));
        }
        from.rejectUnread();
        try {
            return new AgentConfig(
                    name,
                    rloc,
                    new XtrIdentity(xtrId, siteId),
                    state,
                    controlPort,
                    lispPort,
                    vxlanGpePort,
                    ttl,
                    priority,
                    weight,
                    entries,
                    vendors,
                    reEncapsulate,
                    admin,
                    http,
                    domains,
                    database,
                    attachments);
        } catch (IllegalArgumentException e) {
            throw because(from, e);
        }
    }

    /** The message begins with the key it is about, when there is one. */
    private static ConfigException because(Settings from, IllegalArgumentException e) {
        var message = String.valueOf(e.getMessage());
        var parts = message.split(": ", 2);
        return parts.length == 2 && from.has(parts[0])
                ? from.error(parts[0], parts[1])
                : from.error("name", message);
    }

    private static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    /**
     * {@code [1](10.0.0.1,239.1.1.1)}, {@code [1](*,239.1.1.1)}, or {@code [1]239.1.1.1} for that.
     */
    private static Eid group(String text) {
        var eid = eid(text);
        if (isGroup(eid)) {
            return eid;
        }
        if (!eid.prefix().isHost() || !EidKey.of(eid).isMulticast()) {
            throw new IllegalArgumentException("not a group: '" + text + "'");
        }
        return new Eid(eid.iid(), EidPrefix.group(eid.prefix().address()));
    }

    private static boolean isGroup(Eid eid) {
        return eid.prefix().family() == EidPrefix.Family.GROUP;
    }

    /** An EID is somewhere: what arrives for it goes to one place. */
    private static void refuseSecond(Map<Eid, String> owners, Eid eid, String owner) {
        var other = owners.put(eid, owner);
        if (other != null) {
            throw new IllegalArgumentException(
                    owner
                            + ": "
                            + eid
                            + (other.equals(owner)
                                    ? " is there twice"
                                    : " is in " + other + " too"));
        }
    }

    private static void refuseAsOwn(Eid group) {
        throw new IllegalArgumentException(
                group + " is a group, which nobody has as an address: it belongs under 'groups'");
    }

    private static int port(Settings from, String key, int unless) throws ConfigException {
        return (int) from.number(key, unless, 1, 65535);
    }

    private static RecordTtl ttl(Settings from) throws ConfigException {
        var ttl = from.duration("record-ttl", Duration.ofMinutes(1440));
        if (ttl.toMinutes() < 1) {
            throw from.error("record-ttl", "is counted in minutes, so 1m is the least");
        }
        return new RecordTtl((int) ttl.toMinutes());
    }

    private static Optional<Path> optionalFile(Settings from, String key) throws ConfigException {
        return from.has(key) ? Optional.of(from.file(key, "")) : Optional.empty();
    }

    private static Optional<InetSocketAddress> listener(Settings from) throws ConfigException {
        return from.has("listen") ? Optional.of(from.address("listen", "", -1)) : noListener(from);
    }

    private static Optional<InetSocketAddress> noListener(Settings from) throws ConfigException {
        from.find("listen"); // now it is known, and can be meant by a misspelt one
        return Optional.empty();
    }

    private static Domain domain(Settings from) throws ConfigException {
        var name = from.text("name");
        var servers =
                from.values(
                        "map-servers",
                        text -> Settings.socketAddress(text, MappingDomain.CONTROL_PORT));
        var key = key(from.section("key"));
        var encapsulation =
                from.value("encapsulation", Encapsulation::parse, Encapsulation.VXLAN_GPE);
        var routes = from.values("routes", Route::parse);
        var subscribe = from.values("subscribe", AgentConfig::eid);
        boolean proxyReply = from.flag("proxy-reply", true);
        var protecting = protecting(from, key);
        var groups = from.values("groups", AgentConfig::group);
        try {
            return new Domain(
                    name,
                    servers,
                    key,
                    encapsulation,
                    routes,
                    subscribe,
                    proxyReply,
                    protecting,
                    groups);
        } catch (IllegalArgumentException e) {
            throw from.error("name", String.valueOf(e.getMessage()));
        }
    }

    private static LispAddress.Vendor metadata(String text) {
        if (!text.matches("[0-9a-fA-F]{6}:([0-9a-fA-F]{2}){1,128}")) {
            throw new IllegalArgumentException(
                    "must be an OUI and octets, such as 02005e:677075, not '" + text + "'");
        }
        return new LispAddress.Vendor(
                LispAddress.Vendor.oui(text.substring(0, 6)), Bytes.ofHex(text.substring(7)));
    }

    private static SharedKey key(Settings from) throws ConfigException {
        int id = (int) from.number("id", 0, 0, 255);
        var secret = from.secret("secret");
        var algorithms = from.values("algorithms", AgentConfig::algorithm);
        boolean legacyLength = from.flag("legacy-length", false);
        boolean legacySecret = from.flag("legacy-secret", false);
        Set<Algorithm> allowed =
                algorithms.isEmpty()
                        ? EnumSet.of(Algorithm.HMAC_SHA256_128_HKDF)
                        : EnumSet.copyOf(algorithms);
        try {
            return new SharedKey(id, Bytes.of(secret), allowed, legacyLength, legacySecret);
        } catch (IllegalArgumentException e) {
            throw from.error("id", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<Protecting> protecting(Settings domain, SharedKey own)
            throws ConfigException {
        var from = domain.section("lisp-sec");
        if (!domain.has("lisp-sec")) {
            return Optional.empty();
        }
        var keySettings = from.section("key");
        int id = (int) keySettings.number("id", 0, 0, 255);
        var secret = Bytes.of(keySettings.secret("secret"));
        // RFC 9303 §6.5: else an ETR could vouch for EIDs that are not its own.
        if (secret.equals(own.secret())) {
            throw keySettings.error(
                    "secret-file", "must be independent of the domain's key (RFC 9303 §6.5)");
        }
        boolean downgrades = from.flag("downgrade", false);
        var hmacs = from.values("hmacs", AgentConfig::hmac);
        var kdfs = from.values("kdfs", AgentConfig::kdf);
        try {
            return Optional.of(
                    new Protecting(
                            SharedKey.of(id, secret),
                            downgrades,
                            hmacs.isEmpty() ? LispSecHmac.BY_PREFERENCE : hmacs,
                            kdfs.isEmpty() ? LispSecKdf.BY_PREFERENCE : kdfs));
        } catch (IllegalArgumentException e) {
            throw keySettings.error("secret-file", e);
        }
    }

    private static LispSecHmac hmac(String id) {
        return LispSecHmac.of(id.matches("[0-9]") ? Integer.parseInt(id) : 0)
                .orElseThrow(
                        () -> new IllegalArgumentException("must be 1 or 2, not '" + id + "'"));
    }

    private static LispSecKdf kdf(String id) {
        return LispSecKdf.of(id.matches("[0-9]") ? Integer.parseInt(id) : 0)
                .orElseThrow(
                        () -> new IllegalArgumentException("must be 1 or 2, not '" + id + "'"));
    }

    private static Algorithm algorithm(String id) {
        return switch (id) {
            case "1" -> Algorithm.HMAC_SHA1_96;
            case "2" -> Algorithm.HMAC_SHA256_128;
            case "3" -> Algorithm.HMAC_SHA256_128_HKDF;
            default -> throw new IllegalArgumentException("must be 1, 2 or 3, not '" + id + "'");
        };
    }

    private static Attachment attachment(Settings from) throws ConfigException {
        var name = from.text("name");
        var eids = from.values("eids", AgentConfig::eid);
        var listen = from.address("listen", "127.0.0.1:0", -1);
        Optional<InetSocketAddress> deliver =
                from.find("deliver").isPresent()
                        ? Optional.of(from.address("deliver", "", -1))
                        : Optional.empty();
        Optional<LispAddress.Vendor> metadata =
                from.find("metadata").isPresent()
                        ? Optional.of(from.value("metadata", AgentConfig::metadata))
                        : Optional.empty();
        var groups = from.values("groups", AgentConfig::group);
        try {
            return new Attachment(name, eids, listen, deliver, metadata, groups);
        } catch (IllegalArgumentException e) {
            throw from.error("name", String.valueOf(e.getMessage()));
        }
    }
}
