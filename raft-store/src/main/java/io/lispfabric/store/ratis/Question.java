package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lispfabric.store.StateHash;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.server.protocol.TermIndex;

/** What one member asks another about itself, past the log. The answers are text. */
sealed interface Question {
    /** What room its disk lacks; the answer is empty if there is enough. */
    record Room() implements Question {}

    /** What its rows were after an entry; the answer is empty if it has not hashed them then. */
    record Hash(long index) implements Question {
        static String answer(StateHash hash) {
            return hash.sha256() + " " + hash.rows();
        }

        Optional<StateHash> read(String answer) {
            int space = answer.indexOf(' ');
            return space < 0
                    ? Optional.empty()
                    : Optional.of(
                            new StateHash(
                                    index,
                                    answer.substring(0, space),
                                    Long.parseLong(answer, space + 1, answer.length(), 10),
                                    0));
        }
    }

    /** Up to where the leader knows the log to be committed; empty of one that does not lead. */
    record Committed() implements Question {
        static final String TEXT = "committed";

        static OptionalLong read(String answer) {
            return answer.isEmpty()
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(answer));
        }
    }

    /**
     * The last entry of its log, in which it could stand for election; empty unless it finds that
     * the leader's process has ended, and may lead itself.
     */
    record Bereaved() implements Question {
        static final String TEXT = "bereaved";

        static String answer(TermIndex last) {
            return last.getTerm() + " " + last.getIndex();
        }

        static Optional<TermIndex> read(String answer) {
            int space = answer.indexOf(' ');
            return space < 0
                    ? Optional.empty()
                    : Optional.of(
                            TermIndex.valueOf(
                                    Long.parseLong(answer, 0, space, 10),
                                    Long.parseLong(answer, space + 1, answer.length(), 10)));
        }
    }

    default Message message() {
        return switch (this) {
            case Bereaved _ -> Message.valueOf(Bereaved.TEXT);
            case Room _ -> Message.EMPTY;
            case Committed _ -> Message.valueOf(Committed.TEXT);
            case Hash(var index) -> Message.valueOf(Long.toString(index));
        };
    }

    /**
     * Reads what {@link #message} wrote.
     *
     * @throws NumberFormatException if it is no question
     */
    static Question read(Message message) {
        var text = message.getContent().toString(UTF_8);
        return switch (text) {
            case "" -> new Room();
            case Bereaved.TEXT -> new Bereaved();
            case Committed.TEXT -> new Committed();
            default -> new Hash(Long.parseLong(text));
        };
    }
}
