package io.lispfabric.conformance.blackbox;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One thing that a server is asked to do.
 *
 * @param id lower-case words, the first of which is the topic
 * @param rfc the clause that says so, such as {@code 9301 §5.6}
 * @param text what it says, in a sentence
 * @param needs without which there is nothing to find out
 * @param order when it may run
 */
public record Case(
        String id,
        String rfc,
        String text,
        Set<Role> roles,
        Set<Need> needs,
        Order order,
        Body body) {
    /** What the peer is asked as. */
    public enum Role {
        /** A Map-Server: registrations, notifications, subscriptions, and answers from them. */
        MS,
        /** A Map-Resolver: answers to whoever asks. */
        MR
    }

    /** What a peer may lack without being wrong, and what other cases build on. */
    public enum Need {
        /** It answers questions at all. */
        ANSWERS("it answers no Map-Requests"),
        /** It takes registrations with the secret that it was configured with. */
        REGISTERS("it takes no registrations"),
        /** Map-Requests outside an ECM, which only an ETR has to answer. */
        BARE("it answers no Map-Requests that are not in an ECM"),
        /** The site has IPv6 EIDs. */
        IPV6("the site may register no IPv6 EIDs"),
        /** RFC 9301 §5.6 names the merge-request bit, and no duty to heed it. */
        MERGES("it merges no locator-sets"),
        /** RFC 9437. */
        PUBSUB("it takes no subscriptions"),
        /** AFI 16389. */
        MACS("the site may register no MAC addresses"),
        /** AFI 17 (RFC 9735). */
        NAMES("the site may register no distinguished names"),
        /** Two live keys (RFC 9301 §5.6). */
        SECOND_KEY("the site has no second key"),
        /** Somebody else with a good key. */
        OTHER_SITE("there is no key of another site"),
        /** RFC 9303, and a key for it. */
        LISP_SEC("it answers no Map-Requests that LISP-SEC protects"),
        /** Minutes. */
        TIME("there is no time to wait for timeouts"),
        /** Port 4342 of this side. */
        CONTROL_PORT("port 4342 of our address cannot be listened on"),
        /** More than one address on this side. */
        LOOPBACK("the peer is not on the loopback interface, where we have other addresses");

        private final String lack;

        Need(String lack) {
            this.lack = lack;
        }

        /** What is so without it. */
        public String lack() {
            return lack;
        }
    }

    /** What the cases may do to each other. */
    public enum Order {
        /** Nothing: it has EIDs and an xTR-ID of its own. */
        TOGETHER,
        /** It shares the nonces of xTRs without an xTR-ID with others of this kind. */
        ALONE,
        /** Known to bring down servers, so it comes at the end. */
        LAST
    }

    /** How it goes. */
    interface Body {
        void run(Talk talk) throws Outcome;
    }

    /** How it ends, unless it passes. */
    static final class Outcome extends Exception {
        private static final long serialVersionUID = 1;

        final Result.Verdict verdict;

        Outcome(Result.Verdict verdict, String reason) {
            super(reason, null, false, false);
            this.verdict = verdict;
        }
    }

    public Case {
        roles = Set.copyOf(roles);
        needs = Set.copyOf(needs);
    }

    static Case of(
            String id, String rfc, String text, Set<Role> roles, List<Need> needs, Body body) {
        return new Case(id, rfc, text, roles, Set.copyOf(needs), Order.TOGETHER, body);
    }

    Case needing(Need more) {
        var all = new HashSet<>(needs);
        all.add(more);
        return new Case(id, rfc, text, roles, all, order, body);
    }

    Case in(Order other) {
        return new Case(id, rfc, text, roles, needs, other, body);
    }
}
