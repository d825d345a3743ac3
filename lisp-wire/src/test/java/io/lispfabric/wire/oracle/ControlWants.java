package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.AddressPrefix;
import io.lispfabric.lcaf.ApplicationData;
import io.lispfabric.lcaf.AsNumber;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EncapsulationFormat;
import io.lispfabric.lcaf.ExplicitLocatorPath;
import io.lispfabric.lcaf.GeoCoordinates;
import io.lispfabric.lcaf.JsonDataModel;
import io.lispfabric.lcaf.KeyValueAddressPair;
import io.lispfabric.lcaf.Lcaf;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.As;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Mac64;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Oui;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.NonceLocator;
import io.lispfabric.lcaf.NullBody;
import io.lispfabric.lcaf.OpaqueKey;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.SecurityKey;
import io.lispfabric.lcaf.SourceDestKey;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.ReferralRecord;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;

/** What tshark should say of a control message, in its order and by its names. */
final class ControlWants {
    private final Wants wants;

    private ControlWants(Wants wants) {
        this.wants = wants;
    }

    static void of(LispMessage message, Bytes octets, Wants wants) {
        new ControlWants(wants).message(message, octets);
    }

    private void message(LispMessage message, Bytes octets) {
        if (message instanceof SharedExtension && octets.length() < 3) {
            wants.malformed(Gap.SHORT_EXTENSION);
            return;
        }
        wants.number("lisp.type", message.type());
        switch (message) {
            case MapRequest request -> mapRequest(request);
            case MapReply reply -> mapReply(reply, octets);
            case MapRegister register -> mapRegister(register);
            case MapNotify notify -> {
                wants.bit("lisp.mnot.flags.xtrid", notify.recipient().isPresent());
                wants.bit("lisp.mnot.flags.rtr", false);
                wants.number("lisp.records", notify.records().size());
                nonce(notify.nonce());
                authentication(notify.authentication());
                notify.records().forEach(this::mapping);
                identity(notify.recipient());
            }
            case MapNotifyAck _ -> whole(Gap.MAP_NOTIFY_ACK, octets);
            case MapReferral referral -> {
                wants.number("lisp.records", referral.records().size());
                nonce(referral.nonce());
                referral.records().forEach(this::referral);
            }
            case InfoRequest request -> {
                info(
                        false,
                        request.nonce(),
                        request.authentication(),
                        request.ttl(),
                        request.eid());
                wants.number("lisp.info.afi", LispAddress.AFI_NONE);
            }
            case InfoReply reply -> {
                info(true, reply.nonce(), reply.authentication(), reply.ttl(), reply.eid());
                wants.number("lisp.info.afi", LispAddress.AFI_LCAF);
                lcaf(reply.nat());
            }
            case EncapsulatedControlMessage ecm -> encapsulated(ecm, octets);
            case SharedExtension _ -> whole(Gap.SHARED_EXTENSION, octets);
        }
    }

    private void whole(Gap gap, Bytes octets) {
        wants.gap(gap);
        wants.data(octets);
    }

    private void mapRequest(MapRequest request) {
        boolean data = request.mapData().isPresent();
        boolean identified = request.identity().isPresent();
        wants.number(
                "lisp.mreq.flags",
                bits(
                        request.authoritative(),
                        data,
                        request.probe(),
                        request.solicits(),
                        request.fromPitr(),
                        request.smrInvoked()));
        wants.bit("lisp.mreq.flags.auth", request.authoritative());
        wants.bit("lisp.mreq.flags.mrp", data);
        wants.bit("lisp.mreq.flags.probe", request.probe());
        wants.bit("lisp.mreq.flags.smr", request.solicits());
        wants.bit("lisp.mreq.flags.pitr", request.fromPitr());
        wants.bit("lisp.mreq.flags.smri", request.smrInvoked());
        int hidden =
                bits(
                        identified,
                        false,
                        false,
                        false,
                        false,
                        false,
                        request.localXtr(),
                        request.dontMapReply());
        if (hidden != 0) {
            wants.gap(Gap.MAP_REQUEST_FLAGS);
        }
        wants.number("lisp.mreq.res", hidden);
        wants.number("lisp.irc", request.itrRlocs().size() - 1);
        wants.number("lisp.records", request.records().size());
        nonce(request.nonce());
        sourceEid(request.sourceEid());
        request.itrRlocs().forEach(this::itrRloc);
        for (var asked : request.records()) {
            wants.heading("lisp.mreq.record");
            if (asked.subscribes()) {
                wants.gap(Gap.N_BIT);
            }
            wants.number("lisp.mreq.record.res", asked.subscribes() ? 0x80 : 0);
            wants.number("lisp.mreq.record.prefix.length", asked.eid().prefix().length());
            var address = asked.eid().address();
            wants.number("lisp.mreq.record.prefix.afi", address.afi());
            address("lisp.mreq.record.prefix", address);
        }
        request.mapData()
                .ifPresent(record -> {
                    wants.heading("lisp.mrep.record");
                    mapping(record);
                });
        request.identity()
                .ifPresent(identity -> {
                    wants.gap(Gap.MAP_REQUEST_TRAILER);
                    var out = new WireWriter();
                    identity.write(out);
                    wants.data(out.toBytes());
                });
    }

    private void sourceEid(Optional<Eid> eid) {
        var address = eid.map(Eid::address).orElse(None.NONE);
        wants.number("lisp.mreq.srceid.afi", address.afi());
        switch (address) {
            case None _ -> wants.text("lisp.mreq.srceid.string", "not set");
            case Ipv6 ip -> wants.ip("lisp.mreq.srceid_ipv6", ip); // spelt so by tshark
            case Name _ -> wants.unexpected(Gap.SOURCE_EID_NAME);
            default -> address("lisp.mreq.srceid", address);
        }
    }

    private void itrRloc(LispAddress rloc) {
        wants.heading("lisp.mreq.itr_rloc");
        wants.number("lisp.mreq.itr_rloc.afi", rloc.afi());
        switch (rloc) {
            case Ipv4 ip -> wants.ip("lisp.mreq.itr_rloc_ipv4", ip);
            case Ipv6 ip -> wants.ip("lisp.mreq.itr_rloc_ipv6", ip);
            case None _ -> wants.unexpected(Gap.ITR_RLOC_NONE);
            default -> wants.unexpected(Gap.ITR_RLOC_LCAF);
        }
    }

    private void mapReply(MapReply reply, Bytes octets) {
        wants.bit("lisp.mrep.flags.probe", reply.probe());
        wants.bit("lisp.mrep.flags.enlr", reply.echoNonce());
        wants.bit("lisp.mrep.flags.sec", reply.authenticationData().isPresent());
        wants.number("lisp.records", reply.records().size());
        nonce(reply.nonce());
        reply.records().forEach(this::mapping);
        if (reply.authenticationData().isPresent()) {
            wants.gap(Gap.MAP_REPLY_LISP_SEC);
            int before =
                    LispCodec.encode(
                                    new MapReply(
                                            reply.probe(),
                                            reply.echoNonce(),
                                            reply.nonce(),
                                            reply.records()))
                            .length;
            wants.data(Bytes.of(octets.buffer().slice(before, octets.length() - before)));
        }
    }

    private void mapRegister(MapRegister register) {
        wants.bit("lisp.mreg.flags.pmr", register.proxyReply());
        wants.bit("lisp.mreg.flags.sec", register.securityCapable());
        wants.bit("lisp.mreg.flags.xtrid", register.identity().isPresent());
        wants.bit("lisp.mreg.flags.rtr", false);
        int hidden =
                bits(
                        register.eidNotify(),
                        register.ttlForTimeout(),
                        register.mergeRequest(),
                        false);
        if (hidden != 0) {
            wants.gap(Gap.MAP_REGISTER_FLAGS);
        }
        wants.number("lisp.mreg.res", hidden);
        wants.bit("lisp.mreg.flags.wmn", register.wantMapNotify());
        wants.number("lisp.records", register.records().size());
        nonce(register.nonce());
        authentication(register.authentication());
        register.records().forEach(this::mapping);
        identity(register.identity());
    }

    private void info(
            boolean reply, Nonce nonce, Authentication authentication, RecordTtl ttl, Eid eid) {
        wants.bit("lisp.info.r", reply);
        nonce(nonce);
        authentication(authentication);
        wants.number("lisp.info.ttl", Integer.toUnsignedLong(ttl.minutes()));
        wants.number("lisp.info.prefix.masklen", eid.prefix().length());
        var address = eid.address();
        wants.number("lisp.info.prefix.afi", address.afi());
        if (address instanceof Ip) {
            address("lisp.info.prefix", address);
        } else {
            wants.gap(Gap.INFO_EID);
        }
    }

    private void encapsulated(EncapsulatedControlMessage ecm, Bytes octets) {
        wants.bit("lisp.ecm.flags.sec", ecm.authenticationData().isPresent());
        wants.bit("lisp.ecm.flags.ddt", ecm.ddtOriginated());
        if (ecm.authenticationData().isPresent()) {
            wants.gap(Gap.ECM_LISP_SEC);
            wants.data(Bytes.of(octets.buffer().slice(4, octets.length() - 4)));
            return;
        }
        int inner = ecm.packet().length();
        int udp = inner - (ecm.source() instanceof Ipv4 ? 20 : 40);
        wants.ipHeader(ecm.source(), ecm.destination(), ecm.packet(), 17);
        wants.udp(ecm.sourcePort(), ecm.destinationPort(), udp);
        message(ecm.message(), Bytes.of(ecm.packet().buffer().slice(inner - udp + 8, udp - 8)));
    }

    private void nonce(Nonce nonce) {
        wants.number("lisp.nonce", nonce.value());
    }

    private void authentication(Authentication authentication) {
        wants.gap(Gap.ALGORITHM_ID);
        wants.number("lisp.keyid", authentication.keyId() << 8 | authentication.algorithmId());
        wants.number("lisp.authlen", authentication.data().length());
        wants.octets("lisp.auth", authentication.data().hex());
    }

    private void identity(Optional<XtrIdentity> identity) {
        identity.ifPresent(id -> {
            wants.octets("lisp.xtrid", id.xtrId().toString());
            wants.octets("lisp.siteid", String.format("%016x", id.siteId().value()));
        });
    }

    private void mapping(MappingRecord record) {
        head(
                record.ttl(),
                record.locators().size(),
                record.eid(),
                record.action().code(),
                record.authoritative());
        body(record.mapVersion(), record.eid(), record.locators());
    }

    private void referral(ReferralRecord record) {
        head(
                record.ttl(),
                record.referrals().size(),
                record.eid(),
                record.action().code(),
                record.authoritative());
        wants.bit("lisp.referral.incomplete", record.incomplete());
        wants.number("lisp.referral.sigcnt", record.signatures().size());
        body(record.mapVersion(), record.eid(), record.referrals());
        if (!record.signatures().isEmpty()) {
            wants.lost(Gap.SIGNATURES);
        }
    }

    private void head(RecordTtl ttl, int locators, Eid eid, int action, boolean authoritative) {
        wants.heading("lisp.mapping");
        wants.number("lisp.mapping.ttl", Integer.toUnsignedLong(ttl.minutes()));
        wants.number("lisp.mapping.loccnt", locators);
        wants.number("lisp.mapping.eid.masklen", eid.prefix().length());
        wants.number("lisp.mapping.act", action);
        wants.bit("lisp.mapping.auth", authoritative);
    }

    private void body(int version, Eid eid, List<Locator> locators) {
        wants.number("lisp.mapping.ver", version);
        wants.number("lisp.mapping.eid.afi", eid.address().afi());
        address("lisp.mapping.eid", eid.address());
        locators.forEach(this::locator);
    }

    private void locator(Locator locator) {
        var address = locator.rloc().address();
        wants.heading("lisp.loc");
        wants.number("lisp.loc.priority", locator.priority());
        wants.number("lisp.loc.weight", locator.weight());
        wants.number("lisp.loc.multicast_priority", locator.multicastPriority());
        wants.number("lisp.loc.multicast_weight", locator.multicastWeight());
        wants.number(
                "lisp.loc.flags", bits(locator.local(), locator.probed(), locator.reachable()));
        wants.bit("lisp.loc.flags.local", locator.local());
        wants.bit("lisp.loc.flags.probe", locator.probed());
        wants.bit("lisp.loc.flags.reach", locator.reachable());
        wants.number("lisp.loc.afi", address.afi());
        switch (address) {
            case Lcaf lcaf -> lcaf(lcaf);
            case Ip ip -> wants.ip("lisp.loc.locator", ip);
            case None _ -> wants.text("lisp.loc.locator", "not set");
            case Mac mac -> wants.text("lisp.loc.locator", mac.toString());
            case Name(var text) -> wants.text("lisp.loc.locator", text);
            case As _, Mac64 _, Oui _ -> wants.unexpected(Gap.LOCATOR_AFI);
        }
    }

    /** The address after its AFI, which tshark knows there. */
    private void address(String name, LispAddress address) {
        switch (address) {
            case Ipv4 ip -> wants.ip(name + ".ipv4", ip);
            case Ipv6 ip -> wants.ip(name + ".ipv6", ip);
            case Mac(var value) -> wants.octets(name + ".mac", String.format("%012x", value));
            case Name(var text) -> wants.text(name + ".dn", text);
            case Lcaf lcaf -> lcaf(lcaf);
            case None _, As _, Mac64 _, Oui _ ->
                    throw new AssertionError("not expected as " + name + ": " + address);
        }
    }

    private void lcaf(Lcaf lcaf) {
        var body = new WireWriter();
        lcaf.writeLcafBody(body);
        wants.heading("lisp.lcaf");
        wants.heading("lisp.lcaf.header");
        wants.number("lisp.lcaf.type", lcaf.type());
        if (lcaf instanceof MulticastInfo) {
            wants.number("lisp.lcaf.mcinfo.flags", lcaf.rsvd2());
            wants.bit("lisp.lcaf.mcinfo.flags.rp", false);
            wants.bit("lisp.lcaf.mcinfo.flags.leave", false);
            wants.bit("lisp.lcaf_mcinfo.flags.join", false); // spelt so by tshark
        }
        wants.number("lisp.lcaf.length", body.size());
        switch (lcaf) {
            case NullBody _ -> {}
            case AfiList(var addresses) -> addresses.forEach(this::element);
            case Instance instance -> {
                if (instance.isRange()) {
                    wants.gap(Gap.IID_MASK_LENGTH);
                }
                wants.number("lisp.lcaf.iid", instance.iid().value());
                inner("lisp.lcaf.iid", instance.address());
            }
            case AsNumber(var number, var address) -> {
                wants.number("lisp.lcaf.asn", Integer.toUnsignedLong(number));
                inner("lisp.lcaf.asn", address);
            }
            case ApplicationData _ -> wants.undecoded(Gap.APPLICATION_DATA);
            case GeoCoordinates geo -> geo(geo);
            case OpaqueKey _ -> wants.undecoded(Gap.OPAQUE_KEY);
            case NatTraversal nat -> nat(nat);
            case NonceLocator(var nonce, var address) -> {
                wants.number("lisp.lcaf.nonce_loc", nonce);
                inner("lisp.lcaf.nonce_loc", address);
            }
            case MulticastInfo(var iid, var source, var group) -> {
                wants.number("lisp.lcaf.mcinfo_iid", iid.value());
                wants.number("lisp.lcaf.mcinfo.src.masklen", source.maskLength());
                wants.number("lisp.lcaf.mcinfo.grp.masklen", group.maskLength());
                prefix("lisp.lcaf.mcinfo.src", source, false);
                prefix("lisp.lcaf.mcinfo.grp", group, false);
            }
            case ExplicitLocatorPath(var hops) -> hops.forEach(this::hop);
            case SecurityKey _ -> wants.undecoded(Gap.SECURITY_KEY);
            case SourceDestKey(var source, var destination) -> {
                wants.number("lisp.lcaf.srcdst.src.masklen", source.maskLength());
                wants.number("lisp.lcaf.srcdst.dst.masklen", destination.maskLength());
                prefix("lisp.lcaf.srcdst.src", source, true);
                prefix("lisp.lcaf.srcdst.dst", destination, true);
            }
            case ReplicationListEntry(var entries) -> {
                for (var entry : entries) {
                    wants.heading("lisp.lcaf.rle_entry");
                    wants.number("lisp.lcaf.rle_entry.level", entry.level());
                    step("lisp.lcaf.rle_entry", entry.address(), Gap.PATH_AFI);
                }
            }
            case JsonDataModel _ -> wants.undecoded(Gap.JSON);
            case KeyValueAddressPair(var key, var value) -> {
                pair("lisp.lcaf.kv_key", key);
                pair("lisp.lcaf.kv_value", value);
            }
            case EncapsulationFormat _ -> wants.undecoded(Gap.ENCAPSULATION_FORMAT);
            case Unrecognised _ -> wants.undecoded(Gap.UNRECOGNISED);
            case Vendor(var oui, var internal) -> {
                wants.gap(Gap.VENDOR);
                wants.number("lisp.lcaf.vendor.oui", oui);
                wants.octets("lisp.lcaf.vendor.data", internal.hex());
                wants.expert("lisp.undecoded");
            }
        }
    }

    private void element(LispAddress address) {
        wants.heading("lisp.lcaf.afi_list.item");
        wants.number("lisp.lcaf.afi_list.afi", address.afi());
        switch (address) {
            case None _, As _, Mac64 _, Oui _ -> wants.unexpected(Gap.LIST_AFI);
            default -> address("lisp.lcaf.afi_list", address);
        }
    }

    private void inner(String name, LispAddress address) {
        wants.number(name + ".afi", address.afi());
        switch (address) {
            case None _ -> {}
            case As _, Mac64 _, Oui _ -> wants.unexpected(Gap.INSTANCE_AFI);
            default -> address(name, address);
        }
    }

    private void geo(GeoCoordinates geo) {
        angle("lisp.lcaf.geo.lat", geo.north(), geo.latitude());
        angle("lisp.lcaf.geo.lon", geo.east(), geo.longitude());
        wants.gap(Gap.ALTITUDE);
        wants.heading("lisp.lcaf.geo.alt");
        inner("lisp.lcaf.geo", geo.address());
    }

    private void angle(String name, boolean hemisphere, GeoCoordinates.Angle angle) {
        wants.heading(name);
        wants.bit(name + ".hemisphere", hemisphere);
        wants.number(name + ".deg", angle.degrees());
        wants.number(name + ".min", angle.minutes());
        wants.number(name + ".sec", angle.seconds());
    }

    private void nat(NatTraversal nat) {
        wants.number("lisp.lcaf.natt.msport", nat.msUdpPort());
        wants.number("lisp.lcaf.natt.etrport", nat.etrUdpPort());
        for (var rloc : nat.inner()) {
            wants.heading("lisp.lcaf.natt.rloc");
            wants.number("lisp.lcaf.natt.rloc.afi", rloc.afi());
            switch (rloc) {
                case None _ -> {}
                case Ip _, Lcaf _ -> address("lisp.lcaf.natt.rloc", rloc);
                default -> wants.unexpected(Gap.NAT_AFI);
            }
        }
    }

    private void prefix(String name, AddressPrefix prefix, boolean macs) {
        wants.heading(name);
        wants.number(name + ".afi", prefix.address().afi());
        switch (prefix.address()) {
            case Mac _ when macs -> address(name, prefix.address());
            case Ip _, Lcaf _ -> address(name, prefix.address());
            default -> wants.unexpected(Gap.PREFIX_AFI);
        }
    }

    private void hop(ExplicitLocatorPath.Hop hop) {
        wants.heading("lisp.lcaf.elp_hop");
        wants.number("lisp.lcaf.elp_hop.flags", bits(hop.lookup(), hop.rlocProbe(), hop.strict()));
        wants.bit("lisp.lcaf.elp_hop.flags.local", hop.lookup());
        wants.bit("lisp.lcaf.elp_hop.flags.probe", hop.rlocProbe());
        wants.bit("lisp.lcaf_elp_hop.flags.strict", hop.strict()); // spelt so by tshark
        step("lisp.lcaf.elp_hop", hop.address(), Gap.PATH_AFI);
    }

    private void step(String name, LispAddress address, Gap gap) {
        wants.number(name + ".afi", address.afi());
        switch (address) {
            case Ip _, Lcaf _ -> address(name, address);
            default -> wants.unexpected(gap);
        }
    }

    private void pair(String name, LispAddress address) {
        wants.heading(name);
        wants.number(name + ".afi", address.afi());
        switch (address) {
            case None _, As _, Mac64 _, Oui _ -> wants.unexpected(Gap.PAIR_AFI);
            default -> address(name, address);
        }
    }

    private static int bits(boolean... bits) {
        int number = 0;
        for (boolean bit : bits) {
            number = number << 1 | (bit ? 1 : 0);
        }
        return number;
    }
}
