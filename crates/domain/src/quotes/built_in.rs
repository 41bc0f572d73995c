//! The quotations that come with the program: so that there is one without a network.
//!
//! All of authors who died more than 70 years ago; the Greek, Latin and Chinese ones in translations that are as old
//! (Legge, Long), or of our own. Only such as are found in a work of the author.

use std::sync::OnceLock;

use super::{Quote, QuoteAuthor, QuoteText};
use crate::users::Locale;

/// Language, author, text.
const QUOTES: [(&str, &str, &str); 80] = [
    ("en", "Benjamin Franklin", "Lost time is never found again."),
    ("en", "Benjamin Franklin", "Little strokes fell great oaks."),
    ("en", "Benjamin Franklin", "Diligence is the mother of good luck."),
    ("en", "Benjamin Franklin", "Have you somewhat to do to-morrow, do it to-day."),
    ("en", "Benjamin Franklin", "Early to bed and early to rise, makes a man healthy, wealthy and wise."),
    ("en", "Ralph Waldo Emerson", "The only way to have a friend is to be one."),
    ("en", "Ralph Waldo Emerson", "Nothing great was ever achieved without enthusiasm."),
    ("en", "Ralph Waldo Emerson", "Trust thyself: every heart vibrates to that iron string."),
    ("en", "Ralph Waldo Emerson", "The reward of a thing well done, is to have done it."),
    ("en", "Henry David Thoreau", "Time is but the stream I go a-fishing in."),
    ("en", "Henry David Thoreau", "Only that day dawns to which we are awake."),
    ("en", "Henry David Thoreau", "Things do not change; we change."),
    ("en", "Henry David Thoreau", "To be awake is to be alive."),
    (
        "en",
        "Henry David Thoreau",
        "If one advances confidently in the direction of his dreams, and endeavors to live the life which he has imagined, he will meet with a success unexpected in common hours.",
    ),
    ("en", "William Shakespeare", "Sleep that knits up the ravell’d sleave of care."),
    ("en", "William Shakespeare", "We know what we are, but know not what we may be."),
    (
        "en",
        "William Shakespeare",
        "Our doubts are traitors, and make us lose the good we oft might win, by fearing to attempt.",
    ),
    (
        "en",
        "William Shakespeare",
        "How far that little candle throws his beams! So shines a good deed in a naughty world.",
    ),
    ("en", "Samuel Johnson", "Great works are performed, not by strength, but perseverance."),
    ("en", "Alexander Pope", "Hope springs eternal in the human breast."),
    ("en", "Alexander Pope", "To err is human; to forgive, divine."),
    ("en", "Jane Austen", "There is no charm equal to tenderness of heart."),
    ("en", "Emily Dickinson", "I dwell in possibility."),
    ("en", "Emily Dickinson", "If I can stop one heart from breaking, I shall not live in vain."),
    (
        "en",
        "Henry Wadsworth Longfellow",
        "Let us, then, be up and doing, with a heart for any fate; still achieving, still pursuing, learn to labor and to wait.",
    ),
    ("en", "Alfred Tennyson", "To strive, to seek, to find, and not to yield."),
    ("en", "Robert Browning", "Ah, but a man’s reach should exceed his grasp, or what’s a heaven for?"),
    ("en", "Robert Browning", "Grow old along with me! The best is yet to be."),
    ("en", "William James", "All our life, so far as it has definite form, is but a mass of habits."),
    ("en", "William James", "Habit is thus the enormous fly-wheel of society, its most precious conservative agent."),
    ("en", "Mark Twain", "Nothing so needs reforming as other people’s habits."),
    (
        "en",
        "Mark Twain",
        "Habit is habit, and not to be flung out of the window by any man, but coaxed down-stairs a step at a time.",
    ),
    ("en", "George Eliot", "What do we live for, if it is not to make life less difficult to each other?"),
    (
        "en",
        "George Eliot",
        "Failure after long perseverance is much grander than never to have a striving good enough to be called a failure.",
    ),
    (
        "en",
        "Robert Louis Stevenson",
        "To travel hopefully is a better thing than to arrive, and the true success is to labour.",
    ),
    ("en", "Oscar Wilde", "We are all in the gutter, but some of us are looking at the stars."),
    (
        "en",
        "Charles Dickens",
        "Reflect upon your present blessings, of which every man has many; not on your past misfortunes, of which all men have some.",
    ),
    ("en", "Francis Bacon", "A wise man will make more opportunities than he finds."),
    ("en", "Francis Bacon", "Reading maketh a full man; conference a ready man; and writing an exact man."),
    ("en", "William Blake", "No bird soars too high, if he soars with his own wings."),
    ("en", "William Blake", "To see a World in a Grain of Sand, and a Heaven in a Wild Flower."),
    ("en", "John Keats", "A thing of beauty is a joy for ever."),
    (
        "en",
        "Marcus Aurelius",
        "Such as are thy habitual thoughts, such also will be the character of thy mind; for the soul is dyed by the thoughts.",
    ),
    (
        "en",
        "Marcus Aurelius",
        "In the morning when thou risest unwillingly, let this thought be present: I am rising to the work of a human being.",
    ),
    ("en", "Epictetus", "No great thing is produced suddenly, since not even the grape or the fig is."),
    ("en", "Confucius", "Learning without thought is labour lost; thought without learning is perilous."),
    ("en", "Confucius", "Is it not pleasant to learn with a constant perseverance and application?"),
    ("en", "Horace", "He who has begun has half done: dare to be wise; begin!"),
    ("en", "Ovid", "Drops of water hollow out a stone."),
    ("en", "Virgil", "They can because they think they can."),
    ("en", "Seneca", "While we put things off, life runs past."),
    ("en", "Aristotle", "One swallow does not make a spring, nor does one day."),
    (
        "de",
        "Johann Wolfgang von Goethe",
        "Es ist nicht genug, zu wissen, man muß auch anwenden; es ist nicht genug, zu wollen, man muß auch tun.",
    ),
    ("de", "Johann Wolfgang von Goethe", "Wer immer strebend sich bemüht, den können wir erlösen."),
    ("de", "Johann Wolfgang von Goethe", "Es irrt der Mensch, solang er strebt."),
    ("de", "Johann Wolfgang von Goethe", "Edel sei der Mensch, hilfreich und gut!"),
    ("de", "Friedrich Schiller", "Früh übt sich, was ein Meister werden will."),
    ("de", "Friedrich Schiller", "Rastlos vorwärts mußt du streben, nie ermüdet stille stehn."),
    ("de", "Immanuel Kant", "Habe Mut, dich deines eigenen Verstandes zu bedienen!"),
    ("de", "Friedrich Nietzsche", "Hat man sein Warum des Lebens, so verträgt man sich fast mit jedem Wie."),
    ("de", "Friedrich Nietzsche", "Ohne Musik wäre das Leben ein Irrtum."),
    ("de", "Friedrich Nietzsche", "Man muß noch Chaos in sich haben, um einen tanzenden Stern gebären zu können."),
    ("de", "Arthur Schopenhauer", "Jeder Tag ist ein kleines Leben."),
    ("de", "Georg Christoph Lichtenberg", "Es muß anders werden, wenn es gut werden soll."),
    ("de", "Rainer Maria Rilke", "Du mußt dein Leben ändern."),
    ("fr", "Voltaire", "Le mieux est l’ennemi du bien."),
    ("fr", "Voltaire", "Il faut cultiver notre jardin."),
    ("fr", "Jean de La Fontaine", "Rien ne sert de courir ; il faut partir à point."),
    ("fr", "Jean de La Fontaine", "Patience et longueur de temps font plus que force ni que rage."),
    ("fr", "Blaise Pascal", "Le cœur a ses raisons, que la raison ne connaît point."),
    (
        "fr",
        "Nicolas Boileau",
        "Hâtez-vous lentement, et, sans perdre courage, vingt fois sur le métier remettez votre ouvrage.",
    ),
    ("fr", "Michel de Montaigne", "La plus grande chose du monde, c’est de savoir être à soi."),
    ("fr", "Victor Hugo", "Ceux qui vivent, ce sont ceux qui luttent."),
    ("fr", "Louis Pasteur", "Dans les champs de l’observation, le hasard ne favorise que les esprits préparés."),
    ("es", "Miguel de Cervantes", "Bien haya el que inventó el sueño, capa que cubre todos los humanos pensamientos."),
    ("es", "Miguel de Cervantes", "El que lee mucho y anda mucho, ve mucho y sabe mucho."),
    ("es", "Antonio Machado", "Caminante, no hay camino, se hace camino al andar."),
    ("es", "Pedro Calderón de la Barca", "Toda la vida es sueño, y los sueños, sueños son."),
    ("es", "Baltasar Gracián", "Lo bueno, si breve, dos veces bueno."),
    ("es", "Teresa de Jesús", "Nada te turbe, nada te espante."),
];

/// The built-in set, in an order that stays.
pub fn built_in() -> &'static [Quote] {
    static SET: OnceLock<Vec<Quote>> = OnceLock::new();
    SET.get_or_init(|| {
        let quote = |(locale, author, text): &(&str, &str, &str)| Quote {
            text: QuoteText::from_stored((*text).to_owned()),
            author: QuoteAuthor::from_stored((*author).to_owned()),
            locale: Some(Locale::from_stored((*locale).to_owned())),
        };
        QUOTES.iter().map(quote).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_one_that_a_provider_could_have_sent() {
        for quote in built_in() {
            assert_eq!(QuoteText::parse(quote.text.as_str()).as_ref(), Ok(&quote.text));
            assert_eq!(QuoteAuthor::parse(quote.author.as_str()).as_ref(), Ok(&quote.author));
            assert_eq!(Locale::parse(quote.locale.as_ref().unwrap().as_str()).as_ref().ok(), quote.locale.as_ref());
        }
        let texts: BTreeSet<String> = built_in().iter().map(|quote| quote.text.key()).collect();
        assert_eq!(texts.len(), built_in().len());
        assert!(built_in().len() >= 60);
    }
}
