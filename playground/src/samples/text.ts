/** What is learned when nobody brings a text: fables after Aesop, retold for this page. */
export const sampleText = `The fox and the grapes. A fox came by a wall on which ripe grapes hung. He leapt for them once, and missed. He leapt again, and missed again. At last he walked away with his nose in the air and said: they are sour, and not worth the trouble. It is easy to despise what one cannot have.

The hare and the tortoise. A hare laughed at a tortoise for being slow. Let us run a race, said the tortoise. The hare ran so far ahead that he lay down in the shade and slept. The tortoise walked, and walked, and did not stop, and when the hare woke up the tortoise was at the goal. Slow and steady wins the race.

The ant and the cricket. All summer long the cricket sang while the ant carried grain. When the snow came the cricket was hungry and asked the ant for food. What did you do in the summer? asked the ant. I sang, said the cricket. Then dance in the winter, said the ant. There is a time for work and a time for play.

The crow and the pitcher. A thirsty crow found a pitcher with a little water at the bottom, too deep for her beak. She dropped a stone into it, and another, and another, and with each stone the water rose, until she could drink. Little by little does the trick.

The lion and the mouse. A mouse ran over a sleeping lion, who woke and caught her under his paw. Let me go, said the mouse, and one day I will help you. The lion laughed, and let her go. Some days later the lion was caught in a net, and the mouse came and gnawed the ropes until he was free. No act of kindness is ever wasted, however small.

The boy who cried wolf. A boy who watched the sheep was bored and cried: the wolf, the wolf! The people came running, and there was no wolf. He did it again, and again they came. When the wolf was really there he cried as loud as he could, and nobody came. Those who lie are not believed when they speak the truth.

The dog and the bone. A dog with a bone in his mouth crossed a bridge and saw another dog in the water, with a bone that seemed larger. He snapped at it, and his own bone fell into the stream and was gone. Who wants too much may lose what he has.

The north wind and the sun. The wind and the sun had a quarrel about who was the stronger. A traveller came by, and they said: whoever makes him take off his coat has won. The wind blew, and the harder it blew the tighter the man held his coat. Then the sun shone, and the man grew warm, and took off his coat by himself. A gentle word does more than force.

The goose with the golden eggs. A man had a goose that laid an egg of gold each day. He wanted all the gold at once and cut the goose open, and found that she was like any other goose inside. Who wants all at once is left with nothing.

The town mouse and the country mouse. The town mouse asked her cousin to dinner. There was cheese, and cake, and jam; but in the middle of the meal a cat came in, and they ran for their lives. Goodbye, said the country mouse: I would rather have my crust in peace than a feast in fear.

The fox and the stork. A fox asked a stork to dinner and served soup in a flat dish, which he licked up while the stork could only wet the tip of her bill. The next day the stork asked the fox, and served the dinner in a jar with a long neck. One bad turn brings another.

The oak and the reed. An oak stood by a stream and laughed at the reeds that bowed to every breeze. Then came a storm, and the oak stood firm, and firm, until it fell, roots and all. The reeds bent down and stood up again. It is better to bend than to break.
`;
