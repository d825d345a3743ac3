package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lispfabric.store.StateHash;
import java.util.Optional;
import org.apache.ratis.protocol.Message;

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

    default Message message() {
        return switch (this) {
            case Room _ -> Message.EMPTY;
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
        return text.isEmpty() ? new Room() : new Hash(Long.parseLong(text));
    }
}
